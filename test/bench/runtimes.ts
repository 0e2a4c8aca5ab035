import { modelFiles } from "../../agent/src/loading/model-files.ts";
import { RuntimeDown, RuntimeOrder } from "../../agent/src/loading/runtime-order.ts";
import type { LoadedModel, StagedRelease } from "../../agent/src/ports/runner-host.ts";
import { loadRuntime } from "../../agent/src/runner/load-runtime.ts";
import type { RuntimeModel } from "../../agent/src/runner/runtime.ts";
import type { RuntimeId } from "../../agent/src/wire/runtime-id.ts";
import type { WireTensor } from "../../agent/src/wire/wire-tensor.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import { stageTfjs } from "../support/tfjs/stage-tfjs.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { digits, latencies } from "./statistics.ts";

const RUNS = 1_000;
const WARM_UP_RUNS = 50;
const SWAPS = 7;
/** 21 MB of weights; about a millisecond in WebAssembly. */
const widths = [512, 2_048, 2_048, 10] as const;
const never = new AbortController().signal;

interface Subject {
  readonly id: RuntimeId;
  readonly staged: StagedRelease;
  readonly row: WireTensor;
}

/** What the runner adds to the runtimes in WebAssembly, and whether a model of theirs is warm when it begins to answer. */
export const runtimes: BenchPart = {
  name: "runtimes",
  run: async (progress) => {
    await using folder = await temporaryFolder();
    const lines: BenchLine[] = [];
    for (const subject of await subjects(folder.path)) {
      progress(subject.id);
      lines.push(...(await measure(subject)));
    }
    return lines;
  },
};

async function subjects(folder: string): Promise<readonly Subject[]> {
  const values = Array.from({ length: widths[0] }, (_, i) => Math.sin(i));
  const onnx = denseNetwork({ layers: widths, seed: 3 });
  const layers = await denseLayersModel({ inputs: 512, hidden: 2_048, outputs: 2_048, seed: 3 });
  const web = await stageModel(folder, { onnx, io: denseContract(widths[0], 10) });
  const tfjs = await stageTfjs(folder, layers);
  return [
    { id: "onnxruntime-web", staged: web, row: floatTensor("x", [1, widths[0]], values) },
    { id: "tfjs-wasm", staged: tfjs, row: floatTensor("pixels_input", [1, widths[0]], values) },
  ];
}

async function measure(subject: Subject): Promise<readonly BenchLine[]> {
  const bare = await measureBare(subject);
  const ours = await measureOurs(subject);
  const overhead = {
    scenario: 6,
    what: `${subject.id} behind the runner, p50 ms`,
    ours: ours.p50Ms,
    bare: bare.p50Ms,
    limit: "≤ 1.5 × bare",
    holds: ours.p50Ms <= 1.5 * bare.p50Ms,
  };
  const warm = {
    scenario: 26,
    what: `${subject.id}, first live answer after a swap (median of ${SWAPS}; bare: unwarmed), ms`,
    ours: ours.firstMs,
    bare: bare.firstMs,
    limit: `≤ 2 × steady p50 (${digits(ours.p50Ms)})`,
    holds: ours.firstMs <= 2 * ours.p50Ms,
  };
  return [overhead, warm];
}

interface Figures {
  readonly p50Ms: number;
  readonly firstMs: number;
}

/** The runtime in this process, as an application would use it. */
async function measureBare({ id, staged, row }: Subject): Promise<Figures> {
  const runtime = await loadRuntime(id);
  const model: RuntimeModel = await runtime.load(await modelFiles(staged), { threads: 1 });
  const firstMs = await timed(() => model.run([row], []));
  const p50Ms = await steadyMs(() => model.run([row], []));
  await model.dispose();
  return { p50Ms, firstMs };
}

async function measureOurs({ id, staged, row }: Subject): Promise<Figures> {
  await using runners = await runnerFixture({ runtimes: orderOf(id, staged) });
  const firsts: number[] = [];
  let serving: LoadedModel | undefined;
  for (let swap = 0; swap < SWAPS; swap += 1) {
    const next = await runners.host.load(staged, never, "trial");
    next.promote();
    firsts.push(await timed(() => next.infer([row], { timeoutMs: 10_000 })));
    await serving?.stop();
    serving = next;
  }
  if (serving === undefined) throw new TypeError("expected a model after the swaps");
  const last = serving;
  const p50Ms = await steadyMs(() => last.infer([row], { timeoutMs: 10_000 }));
  await last.stop();
  return { p50Ms, firstMs: latencies(firsts).p50 };
}

async function steadyMs(run: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < WARM_UP_RUNS; i += 1) await run();
  const tookMs: number[] = [];
  for (let i = 0; i < RUNS; i += 1) tookMs.push(await timed(run));
  return latencies(tookMs).p50;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await run();
  return performance.now() - beganMs;
}

/** Only this runtime starts. */
function orderOf(id: RuntimeId, { document }: StagedRelease): RuntimeOrder {
  const order = new RuntimeOrder({ isInstalled: () => false });
  const { format, compat } = document;
  const search = order.search({ format, runtime: compat.runtime });
  for (const other of search.candidates.filter((candidate) => candidate !== id)) {
    search.passOver(other, new RuntimeDown(`${other}: not measured`, { isLasting: true }));
  }
  return order;
}
