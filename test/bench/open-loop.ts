import { setTimeout as wait } from "node:timers/promises";
import type { InferAnswer, InferBody, InferClient } from "./infer-client.ts";

export type LoadOptions = {
  readonly client: InferClient;
  readonly body: InferBody;
  readonly requestsPerSecond: number;
  /** The bits the named version must answer with, computed offline. */
  readonly expected: ReadonlyMap<string, Buffer>;
};

/** One request: when it was due, and when it was answered. Times in milliseconds of `performance.now`. */
export type Served = { readonly dueMs: number; readonly doneMs: number };

export type LoadResult = {
  readonly sent: number;
  readonly answered: readonly Served[];
  readonly failures: readonly string[];
  /** Answers whose bits are not those of the version they name. */
  readonly mismatched: number;
};

/**
 * Open-loop load: a request is due at its time whether or not the ones before are answered, and its latency counts
 * from then. A server that stands still is charged for everything that came meanwhile.
 */
export function startLoad({ client, body, requestsPerSecond, expected }: LoadOptions) {
  const everyMs = 1_000 / requestsPerSecond;
  const startMs = performance.now();
  const answered: Served[] = [];
  const failures: string[] = [];
  const inFlight = new Set<Promise<void>>();
  let [sent, mismatched, isOver] = [0, 0, false];

  const ask = async (dueMs: number) => {
    try {
      const answer = await client.infer(body);
      answered.push({ dueMs, doneMs: performance.now() });
      if (!isRight(answer, expected)) mismatched += 1;
    } catch (error) {
      failures.push(String(error));
    }
  };
  const sendDue = () => {
    for (; startMs + sent * everyMs <= performance.now(); sent++) {
      const asked = ask(startMs + sent * everyMs);
      inFlight.add(asked);
      void asked.finally(() => inFlight.delete(asked));
    }
  };
  const running = (async () => {
    while (!isOver) {
      sendDue();
      await wait(1);
    }
  })();

  return {
    stop: async (): Promise<LoadResult> => {
      isOver = true;
      await running;
      await Promise.all(inFlight);
      return { sent, answered, failures, mismatched };
    },
  };
}

function isRight({ version, y }: InferAnswer, expected: ReadonlyMap<string, Buffer>): boolean {
  return expected.get(version)?.equals(y) ?? false;
}
