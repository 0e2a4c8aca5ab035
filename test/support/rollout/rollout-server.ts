/** The API over a fleet of devices that follow their orders: a controller with --dev, and keys for who is not at its machine. */

import { ApiKeyCreated, Rollout } from "@modelfleet/protocol";
import { startHttpServer } from "../../../controller/src/http/http-server.ts";
import type { UseCases } from "../../../controller/src/http/services.ts";
import type { GrantLike } from "../http/fleet-server.ts";
import { type RolloutWorld, type RolloutWorldOptions, rolloutWorld } from "./rollout-world.ts";

type Headers = Readonly<Record<string, string>>;
export type RolloutServer = Awaited<ReturnType<typeof startRolloutServer>>;

export interface RolloutServerOptions extends RolloutWorldOptions {
  /** Use cases in place of the world's own. */
  readonly replace?: (world: RolloutWorld) => Partial<UseCases>;
}

export async function startRolloutServer({ replace, ...options }: RolloutServerOptions) {
  const world = await rolloutWorld(options);
  const defects: unknown[] = [];
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    onDefect: (error) => defects.push(error),
    services: {
      useCases: { ...world.app.useCases, ...replace?.(world) },
      health: { database: () => Promise.resolve(), broker: () => Promise.resolve() },
      readRoot: () => undefined,
      local: { isDev: true },
      tally: { count: () => undefined },
      nowMs: Date.now,
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  const ask = (path: string, headers: Headers = {}) => fetch(`${url}${path}`, { headers });
  const post = (path: string, body: unknown, headers: Headers = {}) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return {
    ...{ url, world, defects, ask, post },
    /** Sends a word and lets everything follow. */
    say: async (id: string, verb: string, more: object = {}) => {
      const answer = await post(`/v1/rollouts/${id}:${verb}`, { reason: "a test", ...more });
      await world.settle();
      return answer;
    },
    start: async (plan: object = {}, more: object = {}) => {
      const answer = await post("/v1/rollouts", { ...named, plan, ...more });
      const rollout = Rollout.parse(await answer.json());
      await world.settle();
      return world.show(rollout.id);
    },
    keyFor: async (...grants: readonly GrantLike[]) => {
      const answer = await post("/v1/api-keys", { name: "test", grants });
      const { secret } = ApiKeyCreated.parse(await answer.json());
      return { authorization: `Bearer ${secret}` };
    },
    close: () => server[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** The release of the fixture world. */
export const named = { model: "vision.defects", version: "1.0.0" };
