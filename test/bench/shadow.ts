import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { seededRandom } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { type InferClient, inferBody, inferClient } from "./infer-client.ts";
import { type LoadResult, startLoad } from "./open-loop.ts";
import { type ServedProcess, servedProcess } from "./served/served-process.ts";
import { latencies } from "./statistics.ts";

const REQUESTS_PER_SECOND = 100;
const PHASE_MS = 4_000;
const ROUNDS = 3;
const ROWS = 64;
const CLASSES = 10;
const layers = [64, 1_024, 1_024, CLASSES];
/** The live one takes about a millisecond, the shadow ten times as long; of these weights they agree about some rows. */
const networks = {
  "1.0.0": { layers, repeats: 20, seed: 1 },
  "2.0.0": { layers, repeats: 200, seed: 2 },
} as const;

/** What a shadow ten times as slow costs the live requests, and whether it compares right. */
export const shadow: BenchPart = {
  name: "shadow",
  run: async (progress) => {
    await using folder = await temporaryFolder();
    const models: Record<string, string> = {};
    for (const [version, network] of Object.entries(networks)) {
      models[version] = folder.inside(`${version}.onnx`);
      await writeFile(models[version], denseNetwork(network));
    }
    const rows = numberedRows();
    const [live, other] = [
      await answersOf(models["1.0.0"], rows),
      await answersOf(models["2.0.0"], rows),
    ];
    const served = { folder: folder.path, models, inputs: 64, outputs: CLASSES };
    await using server = await servedProcess("shadow", served);
    await server.serve("1.0.0");
    const load = { server, rows, live };
    const figures: Figures = { alone: [], beside: [], failures: 0, compared: [], summaries: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      progress(`round ${round} of ${ROUNDS}`);
      await measureRound(load, figures, folder.inside("shadow.json"));
    }
    return linesOf(
      figures,
      live.map((row, i) => argmax(row) === argmax(other[i] ?? row)),
    );
  },
};

interface Figures {
  /** Latencies, ms. */
  readonly alone: number[];
  readonly beside: number[];
  failures: number;
  readonly compared: number[];
  readonly summaries: string[];
}

interface Load {
  readonly server: ServedProcess;
  readonly rows: readonly Float32Array[];
  readonly live: readonly Float32Array[];
}

async function measureRound(load: Load, figures: Figures, saidIn: string): Promise<void> {
  const alone = await underLoad(load);
  await load.server.serve("shadow");
  const beside = await underLoad(load);
  await load.server.serve("end");
  figures.alone.push(...alone.answered.map(({ dueMs, doneMs }) => doneMs - dueMs));
  figures.beside.push(...beside.answered.map(({ dueMs, doneMs }) => doneMs - dueMs));
  figures.failures += beside.failures.length + beside.mismatched;
  const said = JSON.parse(await readFile(saidIn, "utf8")) as ShadowSaid;
  figures.compared.push(...said.compared);
  figures.summaries.push(said.summary);
}

interface ShadowSaid {
  readonly summary: string;
  readonly compared: readonly number[];
}

async function underLoad({ server, rows, live }: Load): Promise<LoadResult> {
  using inner = inferClient({ socketPath: server.socketPath }, 16);
  const bodies = rows.map((row) => inferBody(row));
  let asked = 0;
  const client: InferClient = {
    infer: async () => {
      const row = asked++ % bodies.length;
      const { y } = await inner.infer(bodies[row] ?? inferBody(new Float32Array(64)));
      return { version: String(row), y };
    },
    [Symbol.dispose]: () => undefined,
  };
  // The first requests pay for connections.
  for (let i = 0; i < ROWS; i++) await client.infer(bodyOfNothing);
  const expected = new Map(
    live.map((row, i) => [String(i), Buffer.from(Float32Array.from(row).buffer)] as const),
  );
  const options = { client, body: bodyOfNothing, requestsPerSecond: REQUESTS_PER_SECOND };
  const running = startLoad({ ...options, expected });
  await wait(PHASE_MS);
  return await running.stop();
}

const bodyOfNothing = inferBody(new Float32Array(1));

function linesOf(figures: Figures, agrees: readonly boolean[]): readonly BenchLine[] {
  const [beside, alone] = [latencies(figures.beside).p99, latencies(figures.alone).p99];
  const counts = figures.summaries.map(readSummary);
  const sum = (of: "agreed" | "compared" | "dropped") =>
    counts.reduce((all, count) => all + count[of], 0);
  const ours = sum("agreed") / sum("compared");
  const offline =
    figures.compared.filter((row) => agrees[row] === true).length / figures.compared.length;
  const common = { scenario: 18, bare: null };
  const p99 = "live p99 beside a shadow ten times as slow (bare: without), ms";
  const agreement = "agreement of the shadow, share of the compared (bare: computed offline)";
  return [
    {
      ...common,
      what: p99,
      ours: beside,
      bare: alone,
      limit: "≤ 1.3 ×",
      holds: beside <= 1.3 * alone,
    },
    { ...common, what: agreement, ours, bare: offline, limit: "the same", holds: ours === offline },
    {
      ...common,
      what: "live requests failed or wrong",
      ours: figures.failures,
      limit: "0",
      holds: figures.failures === 0,
    },
    {
      ...common,
      what: "copies dropped",
      ours: sum("dropped"),
      limit: "> 0",
      holds: sum("dropped") > 0,
    },
  ];
}

function readSummary(summary: string) {
  const found = /^shadow: (\d+) of (\d+) agree,.* (\d+) dropped$/.exec(summary);
  const [, agreed, compared, dropped] = found ?? [];
  return { agreed: Number(agreed), compared: Number(compared), dropped: Number(dropped) };
}

/** The first value of each row is its number. */
function numberedRows(): readonly Float32Array[] {
  const random = seededRandom(18);
  return Array.from({ length: ROWS }, (_, row) =>
    Float32Array.from({ length: 64 }, (_, i) => (i === 0 ? row : random.normal() * 20)),
  );
}

async function answersOf(path: string | undefined, rows: readonly Float32Array[]) {
  const ort = await loadOnnxruntime();
  const session = await ort.InferenceSession.create(path ?? "", { intraOpNumThreads: 1 });
  const answers: Float32Array[] = [];
  for (const row of rows) {
    const x = new ort.Tensor("float32", Float32Array.from(row), [1, row.length]);
    const { y } = await session.run({ x });
    if (!(y?.data instanceof Float32Array)) throw new TypeError("expected a float32 answer");
    answers.push(Float32Array.from(y.data));
  }
  await session.release();
  return answers;
}

/** The first of the largest. */
function argmax(row: Float32Array): number {
  return row.reduce((best, value, i) => (value > (row[best] ?? 0) ? i : best), 0);
}
