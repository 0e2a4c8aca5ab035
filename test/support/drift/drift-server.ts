import { startHttpServer } from "../../../controller/src/http/http-server.ts";
import { driftWorld } from "./drift-world.ts";

export type DriftServer = Awaited<ReturnType<typeof startDriftServer>>;

/** The API over a drift world, for operators on this machine. */
export async function startDriftServer() {
  const world = await driftWorld();
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    onDefect: (error) => void world.defects.push(error),
    trustedProxies: [],
    services: {
      useCases: world.app.useCases,
      health: { database: world.stores.ping, broker: () => Promise.resolve() },
      readRoot: () => undefined,
      local: { isDev: true },
      tally: { count: () => undefined },
      nowMs: world.clock.nowMs,
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    world,
    url,
    ask: (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
