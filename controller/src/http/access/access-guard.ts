import { type CanActivate, type ExecutionContext, Inject, Injectable } from "@nestjs/common";
import { Reflector } from "@nestjs/core";
import { requireRight } from "../../app/access/require-right.ts";
import { AuthenticateDevice } from "../../app/fleet/authenticate-device.ts";
import type { Action } from "../../domain/access/actions.ts";
import { AccessError } from "../../domain/errors.ts";
import type { HttpRequest } from "../exchange.ts";
import { HttpError } from "../problems/http-error.ts";
import { ACCESS_KEY, type Access } from "./access.ts";
import { basicLogin } from "./basic-login.ts";
import { OperatorLogin } from "./operator-login.ts";
import { RequestLimits } from "./request-limits.ts";

/**
 * Stands before every route. Rules:
 *
 * 1. A route that declares nothing is nobody's, not even an admin's.
 * 2. Who calls is settled first (401), then what he may do anywhere at all (403); what he may do it to is for the
 *    use case to say, which knows the model and the devices.
 * 3. Every address and every caller has its measure of requests (429). Public routes are cheap, or have their own.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #operators: OperatorLogin;
  readonly #devices: AuthenticateDevice;
  readonly #limits: RequestLimits;

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Inject(OperatorLogin) operators: OperatorLogin,
    @Inject(AuthenticateDevice) devices: AuthenticateDevice,
    @Inject(RequestLimits) limits: RequestLimits,
  ) {
    this.#reflector = reflector;
    this.#operators = operators;
    this.#devices = devices;
    this.#limits = limits;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const access = this.#accessOf(context);
    switch (access?.kind) {
      case "public":
        return true;
      case "device":
        return this.#admitDevice(request);
      case "operator":
        return this.#admitOperator(request, access.action);
      case undefined:
        throw new AccessError("NOT_PERMITTED", "expected a route that says who may call it");
    }
  }

  #accessOf(context: ExecutionContext): Access | undefined {
    const places = [context.getHandler(), context.getClass()];
    return this.#reflector.getAllAndOverride<Access | undefined>(ACCESS_KEY, places);
  }

  async #admitDevice(request: HttpRequest): Promise<true> {
    this.#limits.takeAddress(request.ip);
    const login = basicLogin(request.headers.authorization);
    const device = login && (await this.#devices.run(login.name, login.secret));
    if (device === undefined) {
      throw new HttpError(
        "DEVICE_LOGIN_REQUIRED",
        "expected a device's id and secret as HTTP Basic login: enrol the device again if its secret was replaced",
      );
    }
    this.#limits.takeCaller(`device:${device}`);
    request.device = device;
    return true;
  }

  async #admitOperator(request: HttpRequest, action: Action): Promise<true> {
    this.#limits.takeAddress(request.ip);
    const caller = await this.#operators.admit(request);
    this.#limits.takeCaller(caller.id);
    requireRight(caller, { action });
    request.caller = caller;
    return true;
  }
}
