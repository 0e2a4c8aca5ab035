import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { seededRandom } from "../support/random.ts";
import { inferBody, inferClient } from "./infer-client.ts";
import { type LoadResult, type Served, startLoad } from "./open-loop.ts";
import { type ServedProcess, servedProcess } from "./served/served-process.ts";

/** Two versions of a dense network that take each other's place. */
export type SwapScale = {
  readonly layers: readonly number[];
  readonly requestsPerSecond: number;
  readonly swaps: number;
  /** Load before the first swap, ms. */
  readonly steadyMs: number;
};

const PAUSE_MS = 250;
const CONNECTIONS = 64;
const versions = ["1.0.0", "2.0.0"] as const;

type Window = { readonly fromMs: number; readonly untilMs: number };

export type SwapRun = {
  readonly result: LoadResult;
  readonly steady: Window;
  readonly swaps: readonly Window[];
};

/** What both programs are measured with: the files, one row, and what each version answers to it. */
export type SwapRig = {
  readonly folder: string;
  readonly scale: SwapScale;
  readonly models: Readonly<Record<string, string>>;
  readonly row: Float32Array<ArrayBuffer>;
  readonly expected: ReadonlyMap<string, Buffer>;
};

export async function prepareSwaps(folder: string, scale: SwapScale): Promise<SwapRig> {
  const random = seededRandom(17);
  const row = Float32Array.from({ length: scale.layers[0] ?? 0 }, () => random.next());
  const models = await writeModels(folder, scale.layers);
  return { folder, scale, models, row, expected: await offlineAnswers(models, row) };
}

/** Swaps under open-loop load over the Unix socket, every answer checked bit by bit. */
export async function measureSwaps(program: "agent" | "inProcess", rig: SwapRig): Promise<SwapRun> {
  const { folder, models, row, scale } = rig;
  const shape = { inputs: row.length, outputs: scale.layers.at(-1) ?? 0 };
  await using server = await servedProcess(program, { folder, models, ...shape });
  return await swapUnderLoad(server, rig);
}

/** Latencies of the requests that were due or under way in one of the windows, ms. */
export function latenciesWithin(
  { result }: SwapRun,
  windows: readonly Window[],
): readonly number[] {
  const isWithin = ({ dueMs, doneMs }: Served) =>
    windows.some(({ fromMs, untilMs }) => dueMs <= untilMs && doneMs >= fromMs);
  return result.answered.filter(isWithin).map(({ dueMs, doneMs }) => doneMs - dueMs);
}

/** Requests without the right answer: failed, lost, or with other bits than the version they name. */
export function withoutAnswer({ result }: SwapRun) {
  const { sent, answered, failures, mismatched } = result;
  const lost = sent - answered.length - failures.length;
  return { failed: failures.length, lost, mismatched };
}

async function writeModels(
  folder: string,
  layers: readonly number[],
): Promise<Record<string, string>> {
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
  { scale, row, expected }: SwapRig,
): Promise<SwapRun> {
  await server.serve(versions[0]);
  using client = inferClient({ socketPath: server.socketPath }, CONNECTIONS);
  const body = inferBody(row);
  // The first requests pay for connections and for compiling this client.
  for (let i = 0; i < 200; i++) await client.infer(body);
  const { requestsPerSecond } = scale;
  const load = startLoad({ client, body, requestsPerSecond, expected });
  const steady = await timed(() => wait(scale.steadyMs));
  const swaps: Window[] = [];
  for (let swap = 1; swap <= scale.swaps; swap++) {
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
