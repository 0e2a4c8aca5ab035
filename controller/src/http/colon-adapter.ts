import { FastifyAdapter } from "@nestjs/platform-fastify";

/**
 * Routes that end in a verb, like `/v1/rollouts/:id::pause`. Fastify's router takes `::` for a colon that is meant as one
 * only where no parameter stands before it, unless that says where it ends.
 */
export class ColonAdapter extends FastifyAdapter {
  override post(...route: unknown[]) {
    const [path, ...rest] = route;
    const passed = typeof path === "string" ? path.replaceAll(PARAMETER, ":$1([^:/]+)::") : path;
    return super.post(passed, ...rest);
  }
}

/** A parameter with a colon behind it. */
const PARAMETER = /:(\w+)::/g;
