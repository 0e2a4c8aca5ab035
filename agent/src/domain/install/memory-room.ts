import { type DeviceFacts, type ReleaseDocument, runnerLimits } from "@modelfleet/protocol";
import type { Failure } from "./failure.ts";

/** Whether a release can be loaded: beside what runs, only once its predecessor is stopped, or not at all. */
export type Room =
  | { readonly kind: "enough" }
  | { readonly kind: "after-stop" }
  | { readonly kind: "short"; readonly failure: Failure };

/** Memory of the device at this moment, MiB. What the page cache holds counts as free. */
export interface MemoryFacts {
  /** What new processes can have. */
  readonly availableMiB: number;
  /** What the operator gives to all runners together; null: whatever the device has. */
  readonly budgetMiB: number | null;
  /** What all runners take. */
  readonly runningMiB: number;
  /** What of it would be free if the runners of this slot were stopped; 0 when nothing answers in it. */
  readonly replaceableMiB: number;
}

/**
 * Whether memory allows to load a release (agent.md 3.1). Both resident is always the first choice; that a release may
 * stop its predecessor is made use of only where it must.
 */
export function judgeRoom(
  document: ReleaseDocument,
  facts: Pick<DeviceFacts, "runtimes">,
  memory: MemoryFacts,
): Room {
  const needMiB = estimateMemoryMiB(document, facts);
  const besideMiB = spareMiB(memory);
  if (needMiB <= besideMiB) return { kind: "enough" };
  const alone = memory.replaceableMiB > 0 && needMiB <= besideMiB + memory.replaceableMiB;
  const mayStop = document.swap?.memory === "resource";
  if (alone && mayStop) return { kind: "after-stop" };
  const hint = alone ? "; it would fit if the release that runs were stopped first" : "";
  const have = `${Math.max(0, Math.floor(besideMiB))} MiB beside what runs`;
  const detail = `expected ${needMiB} MiB of memory for its runner, got ${have}${hint}`;
  return { kind: "short", failure: { code: "INSUFFICIENT_MEMORY", detail } };
}

/** The facts as they will be when the release is loaded: its predecessor may be stopped for it. */
export function withReplaceable(
  { swap }: ReleaseDocument,
  facts: DeviceFacts,
  { replaceableMiB }: MemoryFacts,
): DeviceFacts {
  if (swap?.memory !== "resource") return facts;
  const memoryAvailableMiB = facts.memoryAvailableMiB + Math.floor(replaceableMiB);
  return { ...facts, memoryAvailableMiB };
}

/** Whether what runs leaves the device what must stay free: else nothing is kept that only might be needed. */
export function isTight(memory: Omit<MemoryFacts, "replaceableMiB">): boolean {
  return spareMiB(memory) < 0;
}

/**
 * What the runner of a release is expected to take, MiB: itself, and what the publisher declares, or less where the files
 * are small.
 * The factors are measured (agent.md 3.1, targets.md 2.3); a WebAssembly runtime copies what the native one maps.
 */
export function estimateMemoryMiB(
  document: ReleaseDocument,
  { runtimes }: Pick<DeviceFacts, "runtimes">,
): number {
  const isNative =
    document.format === "onnx" && runtimes.some(({ id }) => id === "onnxruntime-node");
  const { emptyRunnerMiB, nativeFactor, wasmFactor } = runnerLimits.memoryEstimate;
  const byFiles = (isNative ? nativeFactor : wasmFactor) * modelMiB(document);
  return Math.ceil(emptyRunnerMiB + Math.min(document.limits.memoryMiB, byFiles));
}

function spareMiB(memory: Omit<MemoryFacts, "replaceableMiB">): number {
  const ofDevice = memory.availableMiB - runnerLimits.memoryReserveMiB;
  if (memory.budgetMiB === null) return ofDevice;
  return Math.min(ofDevice, memory.budgetMiB - memory.runningMiB);
}

/** Golden cases and a reference profile are never in the memory of a runner. */
function modelMiB({ files, selfTest, drift }: ReleaseDocument): number {
  const beside = [selfTest?.file, drift?.baseline];
  const ofModel = files.filter(({ path }) => !beside.includes(path));
  return ofModel.reduce((sum, { size }) => sum + size, 0) / MIB;
}

const MIB = 1_048_576;
