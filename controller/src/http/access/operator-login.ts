import { Inject, Injectable } from "@nestjs/common";
import { AuthenticateCaller } from "../../app/access/authenticate-caller.ts";
import { localPrincipal, type Principal } from "../../domain/access/principal.ts";
import type { HttpRequest } from "../exchange.ts";
import { HttpError } from "../problems/http-error.ts";
import { judgeLocal, type LocalRule } from "./local-rule.ts";
import { RequestLimits } from "./request-limits.ts";

export const LOCAL_RULE = Symbol("LocalRule");

/** Who calls a route of operators: the holder of a key or token, or in development whoever sits at this machine. */
@Injectable()
export class OperatorLogin {
  readonly #authenticate: AuthenticateCaller;
  readonly #limits: RequestLimits;
  readonly #rule: LocalRule;

  constructor(
    @Inject(AuthenticateCaller) authenticate: AuthenticateCaller,
    @Inject(RequestLimits) limits: RequestLimits,
    @Inject(LOCAL_RULE) rule: LocalRule,
  ) {
    this.#authenticate = authenticate;
    this.#limits = limits;
    this.#rule = rule;
  }

  /** @throws HttpError OPERATOR_KEY_REQUIRED | FOREIGN_ORIGIN | LOGINS_TOO_MANY; AccessError LOGIN_UNAVAILABLE */
  async admit(request: HttpRequest): Promise<Principal> {
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) return this.#admitLocal(request);
    const caller = await this.#authenticate.run(token);
    if (caller !== undefined) return caller;
    this.#limits.takeFailedLogin(request.ip);
    throw new HttpError(
      "OPERATOR_KEY_REQUIRED",
      "expected an API key or token that is known, not expired and not revoked: put it into MODELFLEET_API_KEY, or have a new one made",
    );
  }

  #admitLocal(request: HttpRequest): Principal {
    switch (judgeLocal(request, this.#rule)) {
      case "granted":
        return localPrincipal;
      case "foreign-origin":
        throw new HttpError(
          "FOREIGN_ORIGIN",
          "expected a request to localhost by a program of this machine: without an API key nobody else is served",
        );
      case "key-required":
        throw new HttpError(
          "OPERATOR_KEY_REQUIRED",
          'expected "Authorization: Bearer <API key>": put your key into MODELFLEET_API_KEY, or name its file with --api-key-file',
        );
    }
  }
}

function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
}
