import { readdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { processMemoryBytes } from "../../agent/src/adapters/runner-process/process-memory.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchPart } from "./bench-line.ts";
import { type ServedProcess, servedProcess } from "./served/served-process.ts";

const SWAPS = 100;
const SETTLED_AFTER = 20;
const GROWTH_MIB_MAX = 10;
/** A leak of one object a swap would hold at least its buffers, some 64 KiB each. */
const HEAP_GROWTH_MIB_MAX = 2;
const SAMPLES = 5;
const SAMPLE_MS = 200;
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
    const before = await settled(server);
    progress(`${SETTLED_AFTER} of ${SWAPS} swaps: supervisor ${before.memoryMiB.toFixed(0)} MiB`);
    await swap(server, SWAPS - SETTLED_AFTER);
    const after = await settled(server);
    const growthMiB = after.memoryMiB - before.memoryMiB;
    const heapGrowthMiB = after.heapMiB - before.heapMiB;
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
        what: `growth of its objects of JavaScript, with their buffers, over the same, MiB`,
        ours: heapGrowthMiB,
        bare: null,
        limit: `≤ ${HEAP_GROWTH_MIB_MAX}`,
        holds: heapGrowthMiB <= HEAP_GROWTH_MIB_MAX,
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

/**
 * What a supervisor holds, and not what it was about to give back: unused objects are collected, then the least of some
 * samples is taken. Both moments that are compared are looked at in this way.
 */
async function settled(server: ServedProcess) {
  const heapMiB = (await server.settle()) / MIB;
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    await wait(SAMPLE_MS);
    samples.push(await memoryMiB(server.pid));
  }
  return { heapMiB, memoryMiB: Math.min(...samples) };
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
