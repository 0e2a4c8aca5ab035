import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Deployment, Release } from "@modelfleet/protocol";
import { packFolder } from "../../tools/pack/pack-folder.ts";
import { platforms } from "../../tools/pack/platform.ts";
import { type PackedAgent, packHere, startPacked } from "../support/fleet/packed-agent.ts";
import { writeReleaseFolder } from "../support/fleet/release-folder.ts";
import { enrolAgent, startController, type TestController } from "../support/fleet/small-fleet.ts";
import { benchModels } from "../support/onnx/bench-models.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { childrenOf, processorMs, pssBytes, sumOf } from "../support/process-figures.ts";
import { seededRandom } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { inferBody, inferClient } from "./infer-client.ts";
import { bareProcessorMs } from "./served/bare-processor-ms.ts";

const root = join(import.meta.dirname, "../..");
const IDLE_MS = 20_000;
const SETTLE_MS = 3_000;
const INFERENCES = 300;
const megabyte = 1e6;

/** What an agent out of its package takes of a device: disk, processor while idle, memory, processor an inference. */
export const footprint: BenchPart = {
  name: "footprint",
  run: async (progress) => {
    await using folder = await temporaryFolder();
    const installed = await installLine(folder.inside("arm64"));
    progress("starting a controller and an agent out of its package");
    const controller = await startController({ data: folder.inside("controller") });
    try {
      await enrolAgent(controller, "device-1", folder.inside("device"));
      const packed = await packHere(folder.inside("packed"));
      await using agent = await startPacked(packed, folder.inside("device"));
      return [
        installed,
        ...(await measureAgent({ controller, agent, folder: folder.path }, progress)),
      ];
    } finally {
      await controller.program.stop();
    }
  },
};

interface Pair {
  readonly controller: TestController;
  readonly agent: PackedAgent;
  readonly folder: string;
}

async function installLine(folder: string): Promise<BenchLine> {
  const platform = platforms.find(({ id }) => id === "linux-arm64");
  if (platform === undefined) throw new RangeError("expected the platform linux-arm64");
  const { bytes } = await packFolder({ root, platform, folder, builtAt: new Date(0) });
  const ours = bytes / megabyte;
  const what = "install for linux arm64, MB";
  return { scenario: 28, what, ours, bare: null, limit: "≤ 60", holds: ours <= 60 };
}

async function measureAgent(pair: Pair, progress: (text: string) => void): Promise<BenchLine[]> {
  const { controller, agent } = pair;
  await controller.command(Release, "release", "publish", "examples/digits/releases/1.0.0");
  await deploy(controller, "digits@1.0.0");
  await wait(SETTLE_MS);
  const memory = (await sumOf(await processesOf(agent), pssBytes)) / megabyte;
  progress(`watching it idle for ${IDLE_MS / 1_000} s`);
  const idle = await idlePercent(agent);
  progress("comparing processor time an inference with the bare library");
  const { ours, bare } = await processorAnInference(pair);
  return [
    line(27, "processor while idle, %", { ours: idle, bare: null, limit: 1 }),
    line(27, "processor an inference, ms", { ours, bare, limit: 1.2 }),
    line(28, "agent and one tiny runner, MB of PSS", { ours: memory, bare: null, limit: 110 }),
  ];
}

/** The limit is of the figure, or of its ratio where there is something to compare with. */
function line(
  scenario: number,
  what: string,
  { ours, bare, limit }: { ours: number; bare: number | null; limit: number },
): BenchLine {
  const holds = (bare === null ? ours : ours / bare) <= limit;
  return {
    scenario,
    what,
    ours,
    bare,
    limit: bare === null ? `≤ ${limit}` : `ratio ≤ ${limit}`,
    holds,
  };
}

async function processesOf({ pid }: PackedAgent): Promise<number[]> {
  return [pid, ...(await childrenOf(pid))];
}

async function idlePercent(agent: PackedAgent): Promise<number> {
  const pids = await processesOf(agent);
  const beforeMs = await sumOf(pids, processorMs);
  await wait(IDLE_MS);
  return (((await sumOf(pids, processorMs)) - beforeMs) / IDLE_MS) * 100;
}

async function deploy(controller: TestController, release: string): Promise<void> {
  const { devices } = await controller.command(Deployment, "deploy", release, "--all", "--wait");
  const [device] = devices;
  if (device?.status === "confirmed") return;
  throw new Error(`expected ${release} to be confirmed, got ${JSON.stringify(device)}`);
}

/** One client, one row after the other, on a model that takes some 20 ms. */
async function processorAnInference({ controller, agent, folder }: Pair) {
  const network = benchModels.large;
  const bytes = denseNetwork(network);
  const release = { folder: join(folder, "large"), model: "heavy", version: "1.0.0", bytes };
  await controller.command(Release, "release", "publish", await writeReleaseFolder(release));
  await deploy(controller, "heavy@1.0.0");
  const random = seededRandom(5);
  const row = Float32Array.from({ length: network.layers[0] }, () => random.next());
  const pids = await processesOf(agent);
  using client = inferClient({ socketPath: agent.socketPath }, 1, "heavy");
  const body = inferBody(row);
  for (let i = 0; i < 10; i++) await client.infer(body);
  const beforeMs = await sumOf(pids, processorMs);
  for (let i = 0; i < INFERENCES; i++) await client.infer(body);
  const ours = ((await sumOf(pids, processorMs)) - beforeMs) / INFERENCES;
  const path = join(folder, "bare.onnx");
  await writeFile(path, bytes);
  return { ours, bare: await bareProcessorMs(path, { row, inferences: INFERENCES }) };
}
