import { setTimeout as wait } from "node:timers/promises";
import { InferError } from "../../agent/src/domain/infer-error.ts";
import { runnerFixture } from "../support/agent/runner-fixture.ts";
import { benchModels } from "../support/onnx/bench-models.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { benchSlot, type RoutedModel, routedModel } from "./routed-model.ts";
import { latencies } from "./statistics.ts";

const OVERLOAD = 5;
const OVERLOAD_MS = 15_000;
/** Until the garbage collector has found its pace: growth after that is kept memory. */
const WARM_UP_MS = 6_000;
const BOUND = 64;
const RECOVER_MS_MAX = 1_000;
const GROWTH_MIB_MAX = 20;
const MIB = 1024 * 1024;
const network = benchModels.medium;
const row = Float32Array.from({ length: network.layers[0] }, (_, i) => Math.sin(i));

interface Overload {
  readonly acceptedMs: number[];
  refused: number;
  untyped: number;
  longestQueue: number;
  rssMaxBytes: number;
}

/** Five times what a model can do, for fifteen seconds: what is accepted, refused, held in memory, and how it ends. */
export const overload: BenchPart = {
  name: "overload",
  run: async (progress) => {
    await using runners = await runnerFixture({ cores: 2 });
    const queue = { serving: { queue: { max: BOUND, policy: "reject" } } };
    await using model = await routedModel(runners, network, { version: "1.0.0", policies: queue });
    const serviceMs = await steadyMs(model);
    progress("warm-up");
    await press(model, serviceMs, WARM_UP_MS);
    const rssBefore = process.memoryUsage.rss();
    progress(`${OVERLOAD} × overload`);
    const pressed = await press(model, serviceMs, OVERLOAD_MS);
    const recoveredMs = await recovery(model, serviceMs);
    return linesOf(pressed, { serviceMs, recoveredMs, rssBefore });
  },
};

/** How long one takes when the runner is never idle. */
async function steadyMs({ ask }: RoutedModel): Promise<number> {
  const count = 1_000;
  for (let i = 0; i < 100; i++) await ask(row);
  const startMs = performance.now();
  const work = async () => {
    for (let i = 0; i < count / 2; i++) await ask(row);
  };
  await Promise.all([work(), work()]);
  return (performance.now() - startMs) / count;
}

async function press(model: RoutedModel, serviceMs: number, forMs: number): Promise<Overload> {
  const result: Overload = {
    ...{ acceptedMs: [], refused: 0, untyped: 0, longestQueue: 0, rssMaxBytes: 0 },
  };
  const pending = new Set<Promise<void>>();
  const startMs = performance.now();
  let asked = 0;
  while (performance.now() - startMs < forMs) {
    const due = ((performance.now() - startMs) / serviceMs) * OVERLOAD;
    for (; asked < due; asked++) {
      const one = askOne(model, result).finally(() => pending.delete(one));
      pending.add(one);
    }
    result.longestQueue = Math.max(result.longestQueue, waiting(model));
    result.rssMaxBytes = Math.max(result.rssMaxBytes, process.memoryUsage.rss());
    await wait(1);
  }
  await Promise.all(pending);
  return result;
}

async function askOne({ ask }: RoutedModel, result: Overload): Promise<void> {
  const startMs = performance.now();
  try {
    await ask(row);
    result.acceptedMs.push(performance.now() - startMs);
  } catch (error) {
    if (error instanceof InferError && error.code === "OVERLOADED") result.refused += 1;
    else result.untyped += 1;
  }
}

function waiting({ router }: RoutedModel): number {
  return router.counts(benchSlot)?.waiting ?? 0;
}

/** Until a request takes no more than twice what it does in peace. */
async function recovery(model: RoutedModel, serviceMs: number): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const beginMs = performance.now();
    await model.ask(row);
    if (performance.now() - beginMs <= 2 * serviceMs + 1) return performance.now() - startMs;
  }
}

function linesOf(
  pressed: Overload,
  facts: { readonly serviceMs: number; readonly recoveredMs: number; readonly rssBefore: number },
): readonly BenchLine[] {
  const { p99 } = latencies(pressed.acceptedMs);
  const p99Max = BOUND * facts.serviceMs * 1.2;
  const growthMiB = (pressed.rssMaxBytes - facts.rssBefore) / MIB;
  const one = (what: string, ours: number, limit: string, holds: boolean): BenchLine => {
    return { scenario: 24, what, ours, bare: null, limit, holds };
  };
  return [
    one("longest queue", pressed.longestQueue, `≤ ${BOUND}`, pressed.longestQueue <= BOUND),
    one("99th percentile of accepted, ms", p99, `≤ ${p99Max.toFixed(1)}`, p99 <= p99Max),
    one("refused as OVERLOADED", pressed.refused, "> 0", pressed.refused > 0),
    one("failed otherwise", pressed.untyped, "0", pressed.untyped === 0),
    one(
      "growth of the agent's memory, MiB",
      growthMiB,
      `≤ ${GROWTH_MIB_MAX}`,
      growthMiB <= GROWTH_MIB_MAX,
    ),
    one(
      "back to the steady pace after, ms",
      facts.recoveredMs,
      `≤ ${RECOVER_MS_MAX}`,
      facts.recoveredMs <= RECOVER_MS_MAX,
    ),
  ];
}
