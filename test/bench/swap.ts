import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { seededRandom } from "../support/random.ts";
import { inferBody, inferClient } from "./infer-client.ts";
import { type LoadResult, type Served, startLoad } from "./open-loop.ts";
import { type ServedProcess, servedProcess } from "./served/served-process.ts";
import { digits, latencies, printTable } from "./statistics.ts";

/**
 * What a swap costs the applications of a device: 20 swaps between two 17 MB versions under open-loop load over the
 * Unix socket, every answer checked bit by bit; and the same with the library loaded in the serving process.
 */
const SWAPS = 20;
const REQUESTS_PER_SECOND = 200;
const STEADY_MS = 10_000;
const PAUSE_MS = 250;
const CONNECTIONS = 64;
const layers = [784, 2_048, 1_280, 10];
const versions = ["1.0.0", "2.0.0"] as const;

type Window = { readonly fromMs: number; readonly untilMs: number };
type Run = {
  readonly result: LoadResult;
  readonly steady: Window;
  readonly swaps: readonly Window[];
};

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "modelfleet-bench-"));
  try {
    const random = seededRandom(17);
    const row = Float32Array.from({ length: layers[0] ?? 0 }, () => random.next());
    const models = await writeModels(folder);
    const expected = await offlineAnswers(models, row);
    const measure = async (program: "agent" | "inProcess") => {
      const options = { folder, models, inputs: row.length, outputs: 10 };
      await using server = await servedProcess(program, options);
      return await swapUnderLoad(server, row, expected);
    };
    process.exitCode = report(await measure("agent"), await measure("inProcess"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeModels(folder: string): Promise<Record<string, string>> {
  const entries = versions.map(async (version, i) => {
    const path = join(folder, `${version}.onnx`);
    await writeFile(path, denseNetwork({ layers, seed: i + 1 }));
    return [version, path] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function offlineAnswers(
  models: Readonly<Record<string, string>>,
  row: Float32Array<ArrayBuffer>,
): Promise<ReadonlyMap<string, Buffer>> {
  const ort = await loadOnnxruntime();
  const answers = new Map<string, Buffer>();
  for (const [version, path] of Object.entries(models)) {
    const session = await ort.InferenceSession.create(path, {
      intraOpNumThreads: Math.max(1, availableParallelism() - 1),
    });
    const { y } = await session.run({ x: new ort.Tensor("float32", row, [1, row.length]) });
    if (!(y?.data instanceof Float32Array)) throw new TypeError("expected a float32 answer");
    answers.set(version, Buffer.from(Float32Array.from(y.data).buffer));
    await session.release();
  }
  return answers;
}

async function swapUnderLoad(
  server: ServedProcess,
  row: Float32Array,
  expected: ReadonlyMap<string, Buffer>,
): Promise<Run> {
  await server.serve(versions[0]);
  using client = inferClient({ socketPath: server.socketPath }, CONNECTIONS);
  const body = inferBody(row);
  // The first requests pay for connections and for compiling this client.
  for (let i = 0; i < 200; i++) await client.infer(body);
  const load = startLoad({ client, body, requestsPerSecond: REQUESTS_PER_SECOND, expected });
  const steady = await timed(() => wait(STEADY_MS));
  const swaps: Window[] = [];
  for (let swap = 1; swap <= SWAPS; swap++) {
    const version = versions[swap % 2] ?? versions[0];
    swaps.push(await timed(() => server.serve(version)));
    await wait(PAUSE_MS);
  }
  return { result: await load.stop(), steady, swaps };
}

async function timed(work: () => Promise<void>): Promise<Window> {
  const fromMs = performance.now();
  await work();
  return { fromMs, untilMs: performance.now() };
}

/** Requests that were due or under way in one of the windows. */
function within(answered: readonly Served[], windows: readonly Window[]): readonly number[] {
  return answered
    .filter(({ dueMs, doneMs }) =>
      windows.some(({ fromMs, untilMs }) => dueMs <= untilMs && doneMs >= fromMs),
    )
    .map(({ dueMs, doneMs }) => doneMs - dueMs);
}

function report(agent: Run, inProcess: Run): number {
  const rowOf = (name: string, samples: readonly number[]) => {
    const { p50, p99, worst } = latencies(samples);
    return [name, String(samples.length), ...[p50, p99, worst].map((ms) => ms.toFixed(2))];
  };
  const steady = within(agent.result.answered, [agent.steady]);
  const swapping = within(agent.result.answered, agent.swaps);
  const blocked = within(inProcess.result.answered, inProcess.swaps);
  const { sent, answered, failures, mismatched } = agent.result;
  printTable([
    [
      `${SWAPS} swaps at ${REQUESTS_PER_SECOND} requests/s`,
      "requests",
      "p50 ms",
      "p99 ms",
      "worst ms",
    ],
    rowOf("agent, steady", steady),
    rowOf("agent, during a swap", swapping),
    rowOf("in process, steady", within(inProcess.result.answered, [inProcess.steady])),
    rowOf("in process, during a swap", blocked),
  ]);
  const tookMs = latencies(agent.swaps.map(({ fromMs, untilMs }) => untilMs - fromMs));
  console.log(
    `a swap from its start to the end of the old runner: p50 ${tookMs.p50.toFixed(0)} ms`,
  );
  for (const failure of failures.slice(0, 5)) console.log(`failed: ${failure}`);
  const lost = sent - answered.length - failures.length;
  console.log(
    JSON.stringify({
      swaps: agent.swaps.length,
      answered: answered.length,
      failed: failures.length,
      lost,
      mismatched,
      worstSwapMs: digits(latencies(swapping).worst),
      worstSteadyMs: digits(latencies(steady).worst),
      worstInProcessMs: digits(latencies(blocked).worst),
    }),
  );
  return failures.length + lost + mismatched === 0 ? 0 : 1;
}

await main();
