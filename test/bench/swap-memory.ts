import { readdir, readFile, writeFile } from "node:fs/promises";
import { processMemoryBytes } from "../../agent/src/adapters/runner-process/process-memory.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchPart } from "./bench-line.ts";
import { type ServedProcess, servedProcess } from "./served/served-process.ts";

const SWAPS = 100;
const SETTLED_AFTER = 20;
const GROWTH_MIB_MAX = 10;
const MIB = 1_048_576;
/** 21 MB. */
const layers = [784, 2_048, 1_792, 10];
const versions = ["1.0.0", "2.0.0"] as const;

/** Whether memory stays flat while releases come and go (agent.md 8.9). */
export const swapMemory: BenchPart = {
  name: "swap-memory",
  run: async (progress) => {
    await using folder = await temporaryFolder();
    const models: Record<string, string> = {};
    for (const [i, version] of versions.entries()) {
      models[version] = folder.inside(`${version}.onnx`);
      await writeFile(models[version], denseNetwork({ layers, seed: i + 1 }));
    }
    const served = { folder: folder.path, models, inputs: 784, outputs: 10 };
    await using server = await servedProcess("agent", served);
    await swap(server, 1);
    const oneRunnerMiB = await runnersMiB(server.pid);
    await swap(server, SETTLED_AFTER - 1);
    const settledMiB = await memoryMiB(server.pid);
    progress(`${SETTLED_AFTER} of ${SWAPS} swaps: supervisor ${settledMiB.toFixed(0)} MiB`);
    await swap(server, SWAPS - SETTLED_AFTER);
    const growthMiB = (await memoryMiB(server.pid)) - settledMiB;
    const runners = await runnersMiB(server.pid);
    return [
      {
        scenario: 9,
        what: `growth of the supervisor over ${SWAPS - SETTLED_AFTER} swaps of 21 MB, MiB PSS`,
        ours: growthMiB,
        bare: null,
        limit: `≤ ${GROWTH_MIB_MAX}`,
        holds: growthMiB <= GROWTH_MIB_MAX,
      },
      {
        scenario: 9,
        what: `all runners after ${SWAPS} swaps, MiB PSS (bare: the first one alone)`,
        ours: runners,
        bare: oneRunnerMiB,
        limit: "one runner, ± 10 %",
        holds: Math.abs(runners - oneRunnerMiB) <= oneRunnerMiB / 10,
      },
    ];
  },
};

async function swap(server: ServedProcess, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await server.serve(versions[i % 2] ?? versions[0]);
}

async function runnersMiB(supervisor: number): Promise<number> {
  let sum = 0;
  for (const pid of await childrenOf(supervisor)) sum += await memoryMiB(pid);
  return sum;
}

/** Each thread of a process has its own children. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8"));
  return (await Promise.all(lists)).flatMap((text) => text.split(" ").filter(Boolean).map(Number));
}

async function memoryMiB(pid: number): Promise<number> {
  const bytes = await processMemoryBytes(pid);
  if (bytes === undefined) throw new TypeError(`expected process ${pid} to run`);
  return bytes / MIB;
}
