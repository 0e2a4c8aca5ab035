import { randomBytes } from "node:crypto";
import type { Clock } from "../../ports/clock.ts";

/** The machine's own time and chance. */
export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    every,
  };
}

/** A period that finds its task still running is left out, so a slow task never runs twice at once. */
function every(periodMs: number, task: () => Promise<void>): Disposable {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    void task().finally(() => {
      running = false;
    });
  }, periodMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
