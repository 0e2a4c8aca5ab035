import fastifyHelmet from "@fastify/helmet";

/** Security headers. The plugin has a default export only; here it gets its name. */
export const helmet = fastifyHelmet;
