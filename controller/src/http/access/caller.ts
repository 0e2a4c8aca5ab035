import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import type { Principal } from "../../domain/access/principal.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";

/** Who called this route, as the guard found. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<HttpRequest>()),
);

/** @throws RangeError on a route that the guard does not keep */
export function callerOf({ caller }: HttpRequest): Principal {
  if (caller === undefined) throw new RangeError("the guard names the caller of every such route");
  return caller;
}

/** Who called, what he asked, and the reply, to which Nest sends what the route returns. */
export interface OperatorCall {
  readonly caller: Principal;
  readonly request: HttpRequest;
  readonly reply: HttpReply;
}

export const Call = createParamDecorator((_: unknown, context: ExecutionContext): OperatorCall => {
  const http = context.switchToHttp();
  const request = http.getRequest<HttpRequest>();
  return { caller: callerOf(request), request, reply: http.getResponse<HttpReply>() };
});
