import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { mainSlot } from "@modelfleet/protocol";
import { scanFile } from "../../agent/src/adapters/model-scan/scan-file.ts";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { LoadedModel, RunnerHost, StagedRelease } from "../../agent/src/ports/runner-host.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { realClock, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { scanning } from "../support/agent/scanning.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { hangsBelowMinusMillion } from "../support/onnx/hostile-models.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { latencies } from "./statistics.ts";

const ROUNDS = 5;
const INFER_MS = 300;
/** As it is delivered: `npm run bench` builds it. */
const runnerPath = fileURLToPath(new URL("../../agent/dist/runner/main.js", import.meta.url));
const never = new AbortController().signal;

/** What a fault of a runner costs, and what a load costs the process that answers meanwhile. */
export const runnerFaults: BenchPart = {
  name: "runner-faults",
  run: async (progress) => {
    await using fixture = await runnerFixture({ runnerPath });
    const rig: Rig = { host: scanning(fixture.host), folder: fixture.folder.path };
    progress("killing runners");
    const recovery = await recoveryLine(rig);
    progress("hanging them");
    const kill = await killLine(rig);
    progress("loading 100 MB");
    const staged = await stageLarge(rig);
    return [await gapLine(rig, staged), await scanLine(staged), recovery, kill];
  },
};

interface Rig {
  readonly host: RunnerHost;
  readonly folder: string;
}

async function recoveryLine({ host, folder }: Rig): Promise<BenchLine> {
  const onnx = denseNetwork({ layers: [64, 256, 10], seed: 1 });
  const staged = await stageModel(folder, { onnx, io: denseContract(64, 10) });
  const router = new Router<LoadedModel>({ clock: realClock });
  const x = floatTensor("x", [1, 64], Array<number>(64).fill(0.5));
  let model = await host.load(staged, never, "restore");
  await router.activate(mainSlot, model);
  const ours: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const [pid = 0] = await runnerPids(folder);
    const startMs = performance.now();
    process.kill(pid, "SIGKILL");
    const asked = router.infer({ slot: mainSlot, inputs: [x], timeoutMs: 30_000 });
    await model.exited;
    model = await host.load(staged, never, "restore");
    await router.activate(mainSlot, model);
    await asked;
    ours.push(performance.now() - startMs);
  }
  await model.stop();
  const bare = await bareRecoveries(staged);
  const figure = latencies(ours).p50;
  return {
    scenario: 10,
    what: "from the kill of a runner to its answer, cold, p50 ms",
    ours: figure,
    bare: latencies(bare).p50,
    limit: "≤ 500",
    holds: figure <= 500,
  };
}

/** A process with the bare library, from its start to its first answer. */
async function bareRecoveries({ files }: StagedRelease): Promise<number[]> {
  const path = fileURLToPath(new URL("served/bare-first-answer.ts", import.meta.url));
  const took: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startMs = performance.now();
    const child: ChildProcess = fork(path, [files.get("model.onnx") ?? ""], {
      execArgv: ["--no-warnings"],
      env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
    });
    await once(child, "message");
    took.push(performance.now() - startMs);
    child.disconnect();
    await once(child, "exit");
  }
  return took;
}

async function killLine({ host, folder }: Rig): Promise<BenchLine> {
  const staged = await stageModel(folder, {
    onnx: hangsBelowMinusMillion(4),
    io: denseContract(4, 4),
    limits: { inferMs: INFER_MS },
  });
  const poison = floatTensor("x", [1, 4], [-9e6, 0, 0, 0]);
  const late: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const model = await host.load(staged, never, "restore");
    const startMs = performance.now();
    await Promise.allSettled([model.infer([poison], { timeoutMs: 30_000 })]);
    await model.exited;
    late.push(performance.now() - startMs - INFER_MS);
  }
  const { worst } = latencies(late);
  return {
    scenario: 11,
    what: "from the limit of a hung run to the end of its process, worst ms",
    ours: worst,
    bare: null,
    limit: "≤ 200",
    holds: worst <= 200,
  };
}

function stageLarge({ folder }: Rig): Promise<StagedRelease> {
  const onnx = denseNetwork({ layers: [64, 5_000, 5_000, 10], seed: 1 });
  return stageModel(folder, {
    ...{ onnx, io: denseContract(64, 10), limits: { memoryMiB: 512 } },
  });
}

/** Beside the hash that the same file is taken of anyway. */
async function scanLine({ files }: StagedRelease): Promise<BenchLine> {
  const path = files.get("model.onnx") ?? "";
  const ours = await timed(() => scanFile({ path, label: "model" }, never, realClock));
  const bare = await timed(() => pipeline(createReadStream(path), createHash("sha256")));
  const what = "looking into a 100 MB model, beside hashing it, ms";
  return { scenario: 3, what, ours, bare, limit: "ratio ≤ 1", holds: ours <= bare };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function gapLine({ host }: Rig, staged: StagedRelease): Promise<BenchLine> {
  const ours = await longestGap(async () => {
    const model = await host.load(staged, never, "restore");
    return () => model.stop();
  });
  const ort = await loadOnnxruntime();
  const bare = await longestGap(async () => {
    const path = staged.files.get("model.onnx") ?? "";
    const session = await ort.InferenceSession.create(path);
    return () => session.release();
  });
  return {
    scenario: 3,
    what: "longest gap between 1 ms ticks while 100 MB are loaded, ms",
    ours,
    bare,
    limit: "≤ 20",
    holds: ours <= 20,
  };
}

async function longestGap(load: () => Promise<() => Promise<void>>): Promise<number> {
  let [lastMs, longestMs] = [performance.now(), 0];
  const tick = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(tick, 1);
  const release = await load();
  tick();
  clearInterval(timer);
  await release();
  return longestMs;
}
