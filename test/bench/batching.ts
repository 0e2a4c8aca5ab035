import { runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { seededRandom } from "../support/random.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { benchSlot, routedModel } from "./routed-model.ts";
import { digits } from "./statistics.ts";

const CLIENTS = 16;
const MEASURE_MS = 5_000;
const ROUNDS = 2;
const ROWS = 64;
const RATIO_MIN = 3;
const TOLERANCE = 1e-4;
/**
 * 21 MB of weights, which one row has to read as a whole: sixteen rows at once cost 4 times as much as one on the bare
 * library. The networks of `benchModels` repeat one layer that stays in the processor's cache, and have less to gain.
 */
const network = { layers: [512, 2_048, 2_048, 10], seed: 1 } as const;
const random = seededRandom(7);
const rows = Array.from({ length: ROWS }, () =>
  Float32Array.from({ length: network.layers[0] }, () => random.next()),
);

type Ask = (row: Float32Array) => Promise<readonly number[]>;
type Way = "bare" | "alone" | "batched";

/** What batches bring sixteen clients that each want one row: requests in a second, and how exact their answers are. */
export const batching: BenchPart = {
  name: "batching",
  run: async (progress) => {
    await using runners = await runnerFixture({ cores: 2 });
    const batches = { serving: { batch: { rowsMax: CLIENTS } } };
    await using bare = await bareSession();
    await using alone = await routedModel(runners, network, { version: "1.0.0", policies: {} });
    await using batched = await routedModel(runners, network, {
      version: "2.0.0",
      policies: batches,
    });
    const ways: Record<Way, { readonly ask: Ask; readonly clients: number }> = {
      // The library computes one request after the other whoever asks.
      bare: { ask: bare.ask, clients: 1 },
      alone: { ask: alone.ask, clients: CLIENTS },
      batched: { ask: batched.ask, clients: CLIENTS },
    };
    const best: Record<Way, number> = { bare: 0, alone: 0, batched: 0 };
    for (let round = 1; round <= ROUNDS; round++) {
      for (const way of Object.keys(ways) as Way[]) {
        progress(`round ${round} of ${ROUNDS}: ${way}`);
        best[way] = Math.max(best[way], await perSecond(ways[way]));
      }
    }
    const error = await largestError(batched.ask, bare.ask);
    const counts = batched.router.counts(benchSlot);
    const rowsPerBatch = (counts?.batchedRows ?? 0) / Math.max(1, counts?.batches ?? 0);
    progress(`${digits(rowsPerBatch)} rows a batch; unbatched ${digits(best.alone)} a second`);
    return linesOf(best, error);
  },
};

function linesOf(best: Record<Way, number>, error: number): readonly BenchLine[] {
  const ratio = best.batched / best.alone;
  const line = { scenario: 7, bare: best.bare };
  return [
    {
      ...line,
      what: "requests a second of 16 clients, one at a time",
      ours: best.alone,
      limit: "what the next is compared with",
      holds: true,
    },
    {
      ...line,
      what: "requests a second of 16 clients, in batches",
      ours: best.batched,
      limit: `≥ ${RATIO_MIN} × one at a time (${digits(ratio)} ×)`,
      holds: ratio >= RATIO_MIN,
    },
    {
      scenario: 7,
      what: "largest error of an answer in a batch",
      ours: error,
      bare: null,
      limit: `≤ ${TOLERANCE}`,
      holds: error <= TOLERANCE,
    },
  ];
}

async function perSecond({ ask, clients }: { readonly ask: Ask; readonly clients: number }) {
  const startMs = performance.now();
  let done = 0;
  const work = async (client: number) => {
    for (let i = client; performance.now() - startMs < MEASURE_MS; i++) {
      await ask(rowOf(i));
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  return (done / (performance.now() - startMs)) * 1_000;
}

/** Of all rows, asked at once: the outputs are probabilities, so an absolute error says enough. */
async function largestError(ask: Ask, expected: Ask): Promise<number> {
  const answers = await Promise.all(rows.slice(0, CLIENTS * 3).map(ask));
  let largest = 0;
  for (const [i, answer] of answers.entries()) {
    const want = await expected(rowOf(i));
    for (const [at, value] of answer.entries()) {
      largest = Math.max(largest, Math.abs(value - (want[at] ?? Number.NaN)));
    }
  }
  return largest;
}

function rowOf(index: number): Float32Array {
  const row = rows[index % ROWS];
  if (row === undefined) throw new RangeError("expected a row");
  return row;
}

async function bareSession() {
  const ort = await loadOnnxruntime();
  const session = await ort.InferenceSession.create(denseNetwork(network), {
    intraOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const ask: Ask = async (row) => {
    const { y } = await session.run({ x: new ort.Tensor("float32", row, [1, row.length]) });
    if (!(y?.data instanceof Float32Array)) throw new TypeError("expected floats");
    return [...y.data];
  };
  return { ask, [Symbol.asyncDispose]: () => session.release() };
}
