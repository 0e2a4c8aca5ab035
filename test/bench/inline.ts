import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { seededRandom } from "../support/random.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { inferBody } from "./infer-client.ts";
import { rawThroughput } from "./raw-client.ts";
import type { PassedRelease, ReloadedBytes, Reloads } from "./served/inline-reloads.ts";
import { servedProcess } from "./served/served-process.ts";
import { digits } from "./statistics.ts";

const CLIENTS = 16;
/** Until the compiler has seen it all. */
const WARM_UP_MS = 3_000;
const MEASURE_MS = 4_000;
const PER_SECOND_MIN = 15_000;
/** A network of 12 µs on the bare library: what is measured is the way to it. */
const [INPUTS, OUTPUTS] = [64, 10];
const tiny = { layers: [INPUTS, 32, OUTPUTS], seed: 1 };
const RELOADS = 40;
const MIB = 1024 * 1024;
const GROWTH_MIB_MAX = 35;

/** What releases in the agent's own process are for, and what they must not cost. */
export const inline: BenchPart = {
  name: "inline",
  run: async (progress) => {
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    const folder = await mkdtemp(join(tmpdir(), "modelfleet-bench-"));
    try {
      progress(`${CLIENTS} clients`);
      const throughput = await throughputLine(folder);
      progress(`${RELOADS} reloads, twice`);
      return [throughput, await memoryLine(folder)];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Beside it a server that only says the same thing to everybody: the most that HTTP leaves room for here. */
async function throughputLine(folder: string): Promise<BenchLine> {
  const path = join(folder, "tiny.onnx");
  await writeFile(path, denseNetwork(tiny));
  const random = seededRandom(5);
  const row = Float32Array.from({ length: INPUTS }, () => random.next());
  const bare = await perSecondOf("fixed", { folder, path, row });
  const ours = await perSecondOf("inline", { folder, path, row });
  return {
    scenario: 8,
    what: `64-32-10 network over the Unix socket, inline, ${CLIENTS} clients, inferences a second`,
    ours: digits(ours),
    bare: digits(bare),
    limit: `≥ ${PER_SECOND_MIN} (bare: node:http with a fixed answer)`,
    holds: ours >= PER_SECOND_MIN,
  };
}

interface Asked {
  readonly folder: string;
  readonly path: string;
  readonly row: Float32Array;
}

async function perSecondOf(
  program: "fixed" | "inline",
  { folder, path, row }: Asked,
): Promise<number> {
  const shapes = { inputs: INPUTS, outputs: OUTPUTS };
  await using server = await servedProcess(program, {
    ...shapes,
    folder,
    models: { "1.0.0": path },
  });
  await server.serve("1.0.0");
  const body = inferBody(row);
  await rawThroughput(server.socketPath, body, { clients: CLIENTS, measureMs: WARM_UP_MS });
  const measured = { clients: CLIENTS, measureMs: MEASURE_MS };
  return (await rawThroughput(server.socketPath, body, measured)).perSecond;
}

/** Beside it the same without the variable that the documentation asks for (agent.md 10.3). */
async function memoryLine(folder: string): Promise<BenchLine> {
  const reloads: Reloads = {
    first: await passed(folder, [4, 4]),
    again: await passed(folder, [1_024, 2_048, 1_536, 10]),
    times: RELOADS,
  };
  const ours = await growthMiB(reloads, { MALLOC_MMAP_THRESHOLD_: "131072" });
  const bare = await growthMiB(reloads, {});
  return {
    scenario: 9,
    what: `inline, ${RELOADS} reloads of 21 MB, most resident after a release above base, MiB`,
    ours: digits(ours),
    bare: digits(bare),
    limit: `≤ ${GROWTH_MIB_MAX} (bare: glibc as it comes)`,
    holds: ours <= GROWTH_MIB_MAX,
  };
}

async function passed(folder: string, layers: readonly number[]): Promise<PassedRelease> {
  const [inputs = 0] = layers;
  const io = denseContract(inputs, layers[layers.length - 1] ?? 0);
  const staged = await stageModel(folder, { onnx: denseNetwork({ layers, seed: 1 }), io });
  return { ...staged, files: [...staged.files], inputs };
}

async function growthMiB(reloads: Reloads, variables: NodeJS.ProcessEnv): Promise<number> {
  const program = fileURLToPath(new URL("./served/inline-reloads.ts", import.meta.url));
  const flags = ["--conditions=modelfleet-source", "--no-warnings", program];
  const env = { PATH: process.env["PATH"], ORT_DISABLE_TELEMETRY: "1", ...variables };
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [...flags, JSON.stringify(reloads)], { env });
  const { baseBytes, afterBytes } = JSON.parse(stdout) as ReloadedBytes;
  return (Math.max(...afterBytes) - baseBytes) / MIB;
}
