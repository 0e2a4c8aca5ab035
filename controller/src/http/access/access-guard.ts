import { type CanActivate, type ExecutionContext, Inject, Injectable } from "@nestjs/common";
import { Reflector } from "@nestjs/core";
import { AuthenticateDevice } from "../../app/fleet/authenticate-device.ts";
import { localPrincipal } from "../../domain/access/principal.ts";
import type { HttpRequest } from "../exchange.ts";
import { HttpError } from "../problems/http-error.ts";
import { ACCESS_KEY, type Access } from "./access.ts";
import { basicLogin } from "./basic-login.ts";
import { judgeOperator, type OperatorRule } from "./operator-rule.ts";

export const OPERATOR_RULE = Symbol("OperatorRule");

/** Stands before every route: public ones are named, device ones want a device's secret, all others the operator. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #rule: OperatorRule;
  readonly #authenticate: AuthenticateDevice;

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Inject(OPERATOR_RULE) rule: OperatorRule,
    @Inject(AuthenticateDevice) authenticate: AuthenticateDevice,
  ) {
    this.#reflector = reflector;
    this.#rule = rule;
    this.#authenticate = authenticate;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    switch (this.#accessOf(context)) {
      case "public":
        return true;
      case "device":
        return this.#admitDevice(request);
      case "operator":
        return this.#admitOperator(request);
    }
  }

  #accessOf(context: ExecutionContext): Access {
    const places = [context.getHandler(), context.getClass()];
    return this.#reflector.getAllAndOverride<Access | undefined>(ACCESS_KEY, places) ?? "operator";
  }

  async #admitDevice(request: HttpRequest): Promise<true> {
    const login = basicLogin(request.headers.authorization);
    const device = login && (await this.#authenticate.run(login.name, login.secret));
    if (device === undefined) {
      throw new HttpError(
        "DEVICE_LOGIN_REQUIRED",
        "expected a device's id and secret as HTTP Basic login: enrol the device again if its secret was replaced",
      );
    }
    request.device = device;
    return true;
  }

  #admitOperator(request: HttpRequest): true {
    switch (judgeOperator(request, this.#rule)) {
      case "granted":
        request.caller = localPrincipal;
        return true;
      case "foreign-origin":
        throw new HttpError(
          "FOREIGN_ORIGIN",
          "expected a request to localhost by a program of this machine: without an operator's key nobody else is served",
        );
      case "key-required":
        throw new HttpError(
          "OPERATOR_KEY_REQUIRED",
          "expected \"Authorization: Bearer <key>\" with the operator's key: set MODELFLEET_ADMIN_KEY to the controller's",
        );
    }
  }
}
