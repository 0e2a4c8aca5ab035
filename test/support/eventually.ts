import { setTimeout as wait } from "node:timers/promises";

export type Patience = {
  /** How long to go on asking; milliseconds. */
  readonly withinMs?: number;
  /** Pause between two questions; milliseconds. */
  readonly everyMs?: number;
};

/**
 * Asks until the check holds, and returns its answer.
 *
 * A check holds when it neither throws nor answers a falsy value; a check without an answer (`undefined`) holds
 * when it does not throw, so a check that looks something up must expect it to be defined.
 *
 * @throws Error after `withinMs`, with the last failure as its cause
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 20 }: Patience = {},
): Promise<T> {
  const giveUpAtMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask(check);
    if (answer.holds) return answer.value;
    if (performance.now() >= giveUpAtMs) throw tooLate(withinMs, answer.cause);
    await wait(everyMs);
  }
}

type Answer<T> =
  | { readonly holds: true; readonly value: T }
  | { readonly holds: false; readonly cause: unknown };

async function ask<T>(check: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    const value = await check();
    if (value === undefined || value) return { holds: true, value };
    return { holds: false, cause: new Error(`the check answered ${String(value)}`) };
  } catch (cause) {
    return { holds: false, cause };
  }
}

function tooLate(withinMs: number, cause: unknown): Error {
  const last = cause instanceof Error ? cause.message : String(cause);
  return new Error(`expected within ${withinMs} ms, last: ${last}`, { cause });
}
