import { randomBytes } from "node:crypto";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../ports/clock.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
  turn: () => turn(),
  chance: () => Math.random(),
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
};
