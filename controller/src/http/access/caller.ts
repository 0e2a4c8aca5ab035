import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import type { Principal } from "../../domain/access/principal.ts";
import type { HttpRequest } from "../exchange.ts";

/** Who called this route, as the guard found. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { caller } = context.switchToHttp().getRequest<HttpRequest>();
  if (caller === undefined) throw new RangeError("the guard names the caller of every such route");
  return caller;
});
