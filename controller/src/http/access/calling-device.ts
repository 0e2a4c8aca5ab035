import type { DeviceId } from "@modelfleet/protocol";
import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import type { HttpRequest } from "../exchange.ts";

/** The device that called this route, as the guard found. */
export const CallingDevice = createParamDecorator(
  (_: unknown, context: ExecutionContext): DeviceId => {
    const { device } = context.switchToHttp().getRequest<HttpRequest>();
    if (device === undefined) throw new RangeError("the guard names the device of such a route");
    return device;
  },
);
