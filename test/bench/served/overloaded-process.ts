import { setTimeout as wait } from "node:timers/promises";
import { InferError } from "../../../agent/src/domain/infer-error.ts";
import { runnerFixture } from "../../support/agent/runner-fixture.ts";
import { benchModels } from "../../support/onnx/bench-models.ts";
import { benchSlot, type RoutedModel, routedModel } from "../routed-model.ts";
import { latencies } from "../statistics.ts";

/** What the agent's parts do under more requests than their model can, in a process of their own; told as JSON. */
export interface OverloadFigures {
  /** How long one takes when the runner is never idle: before, and while there is far too much. */
  readonly steadyMs: number;
  readonly pressedMs: number;
  readonly p99Ms: number;
  readonly refused: number;
  readonly untyped: number;
  readonly longestQueue: number;
  readonly grownBytes: number;
  readonly recoveredMs: number;
}

export interface OverloadTask {
  readonly bound: number;
  readonly times: number;
  /** Until the garbage collector has found its pace: growth after that is kept memory. */
  readonly warmUpMs: number;
  readonly pressMs: number;
}

interface Overload {
  readonly acceptedMs: number[];
  refused: number;
  untyped: number;
  longestQueue: number;
  rssMaxBytes: number;
  tookMs: number;
}

const network = benchModels.medium;
const row = Float32Array.from({ length: network.layers[0] }, (_, i) => Math.sin(i));

async function main({ bound, times, warmUpMs, pressMs }: OverloadTask): Promise<OverloadFigures> {
  await using runners = await runnerFixture({ cores: 2 });
  const queue = { serving: { queue: { max: bound, policy: "reject" } } };
  await using model = await routedModel(runners, network, { version: "1.0.0", policies: queue });
  const steady = await steadyMs(model);
  const perMs = times / steady;
  await press(model, perMs, warmUpMs);
  const rssBefore = process.memoryUsage.rss();
  const pressed = await press(model, perMs, pressMs);
  const { refused, untyped, longestQueue } = pressed;
  return {
    ...{ steadyMs: steady, refused, untyped, longestQueue },
    pressedMs: pressed.tookMs / pressed.acceptedMs.length,
    p99Ms: latencies(pressed.acceptedMs).p99,
    grownBytes: pressed.rssMaxBytes - rssBefore,
    recoveredMs: await recovery(model, steady),
  };
}

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

async function press(model: RoutedModel, perMs: number, forMs: number): Promise<Overload> {
  const result: Overload = {
    ...{ acceptedMs: [], refused: 0, untyped: 0, longestQueue: 0, rssMaxBytes: 0, tookMs: 0 },
  };
  const pending = new Set<Promise<void>>();
  const startMs = performance.now();
  let asked = 0;
  while (performance.now() - startMs < forMs) {
    const due = (performance.now() - startMs) * perMs;
    for (; asked < due; asked++) {
      const one = askOne(model, result).finally(() => pending.delete(one));
      pending.add(one);
    }
    result.longestQueue = Math.max(result.longestQueue, waiting(model));
    result.rssMaxBytes = Math.max(result.rssMaxBytes, process.memoryUsage.rss());
    await wait(1);
  }
  await Promise.all(pending);
  result.tookMs = performance.now() - startMs;
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

const task = JSON.parse(process.argv[2] ?? "null") as OverloadTask;
process.stdout.write(JSON.stringify(await main(task)));
