import {
  floorOf,
  type ReleaseDocument,
  type ReleaseFile,
  ReleaseReference,
} from "@modelfleet/protocol";
import { refuseSlot } from "../../domain/install/agent-state.ts";
import type { Failure } from "../../domain/install/failure.ts";
import { judgeRoom, withReplaceable } from "../../domain/install/memory-room.ts";
import { refuseOtherContract } from "../../domain/install/other-contract.ts";
import type { Step } from "../../domain/install/plan-step.ts";
import { beginTrial, block } from "../../domain/install/transitions.ts";
import { ReleaseRefused } from "../../domain/release-refused.ts";
import { StoreError } from "../../domain/store-error.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { reportRefused } from "./desired-intake.ts";
import { failureOf, isOfDisk } from "./failure-of.ts";
import type { InstallParts } from "./install-parts.ts";
import { measureMemory } from "./measure-memory.ts";
import { documentOf, type StepContext, slotState, tell } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

/** Wrong bytes are fetched a second time, in case a cache on the way was at fault. */
const digestAttemptsMax = 2;

export async function fetchRelease(step: StepOf<"fetch-release">, context: StepContext) {
  const { parts, signal } = context;
  const { record } = parts;
  try {
    const floor = floorOf(record.trust(), step.wanted.model);
    await parts.shelf.fetch(step.wanted, floor, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (isOfDisk(cause)) throw cause;
    const failure = failureOf(cause);
    const { release, attempt } = step.wanted;
    await record.commit(block(record.current(), { release, attempt, ...failure }));
    await reportRefused(parts, step.wanted, failure);
  }
}

export async function download(step: StepOf<"download">, context: StepContext) {
  const { parts, signal } = context;
  const { release } = step.wanted;
  const document = await documentOf(context, release);
  try {
    const missing = await missingFiles(parts, document);
    await requireAdmission(context, document, missing);
    await makeRoom(context, missing);
    const beganMs = parts.clock.monotonicMs();
    await tell(context, document, { release, step: "downloading" });
    for (const file of missing) await fetchFile(context, file);
    const durationMs = parts.clock.monotonicMs() - beganMs;
    await tell(context, document, { release, step: "downloaded", durationMs });
  } catch (cause) {
    signal.throwIfAborted();
    await refuseWanted(context, document, cause);
  }
}

export async function startTrial(step: StepOf<"begin-trial">, context: StepContext) {
  const { record } = context.parts;
  const { release } = step.wanted;
  const document = await documentOf(context, release);
  try {
    await requireAdmission(context, document, []);
    const noSlot = refuseSlot(record.current(), context.runtime.slot);
    if (noSlot !== null) throw new ReleaseRefused(noSlot.code, noSlot.detail);
    const reference = ReleaseReference.parse({ ...document, release });
    const { attempt } = step.wanted;
    const trial = attempt === undefined ? reference : { ...reference, attempt };
    await record.commit(beginTrial(record.current(), context.runtime.slot, trial));
    context.runtime.forgetTold();
  } catch (cause) {
    await refuseWanted(context, document, cause);
  }
}

async function refuseWanted(context: StepContext, document: ReleaseDocument, cause: unknown) {
  if (isOfDisk(cause)) throw cause;
  const { record } = context.parts;
  const failure = failureOf(cause);
  if (context.wanted === null) throw cause;
  const { release, attempt } = context.wanted;
  await record.commit(block(record.current(), { release, attempt, ...failure }));
  await tell(context, document, { release, step: "refused", ...failure });
}

async function missingFiles(
  parts: InstallParts,
  document: ReleaseDocument,
): Promise<readonly ReleaseFile[]> {
  const missing = new Map<string, ReleaseFile>();
  for (const file of document.files) {
    if (!(await parts.store.holds(file))) missing.set(file.sha256, file);
  }
  return [...missing.values()];
}

/** What a device can know before it asks for a file. @throws ReleaseRefused · StoreError */
async function requireAdmission(
  context: StepContext,
  document: ReleaseDocument,
  missing: readonly ReleaseFile[],
): Promise<void> {
  const { parts, runtime, running } = context;
  const total = sizeOf(document.files);
  const { facts, memory } = await measureMemory(parts, runtime, running());
  const atBest = withReplaceable(document, facts, memory);
  const unfit = parts.admit(document, atBest, total - sizeOf(missing));
  const room = judgeRoom(document, facts, memory);
  const failure =
    unfit ??
    (await otherContract(context, document)) ??
    (room.kind === "short" ? room.failure : null);
  if (failure !== null) throw new ReleaseRefused(failure.code, failure.detail);
}

/** Applications ask the release that answers now: the next one must take and give the same. */
async function otherContract(context: StepContext, next: ReleaseDocument): Promise<Failure | null> {
  const { active, previous } = slotState(context);
  // What ran here before is always a way back.
  if (active === null || previous?.release === context.wanted?.release) return null;
  const running = await context.parts.shelf.find(active);
  return running === undefined ? null : refuseOtherContract(running, next);
}

/** What is on its way already takes its room; garbage goes first when there is not enough. */
async function makeRoom(
  { parts, wantedAll }: StepContext,
  missing: readonly ReleaseFile[],
): Promise<void> {
  const bytes = Math.max(0, sizeOf(missing) - (await parts.store.partialBytes(missing)));
  try {
    await parts.store.requireSpace(bytes);
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== "NO_SPACE") throw cause;
    await collectGarbage(parts, wantedAll);
    await parts.store.requireSpace(bytes);
  }
}

async function fetchFile(context: StepContext, file: ReleaseFile): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await fetchFileOnce(context, file);
      return;
    } catch (cause) {
      const wrongBytes = cause instanceof StoreError && cause.code === "DIGEST";
      if (!wrongBytes || attempt >= digestAttemptsMax) throw cause;
    }
  }
}

async function fetchFileOnce({ parts, signal }: StepContext, file: ReleaseFile): Promise<void> {
  const partial = await parts.store.openPartial(file);
  try {
    const progress = progressLog(parts, file);
    await parts.source.fill(file, partial, { signal, progress });
    await partial.finish();
  } finally {
    await partial.close();
  }
}

/** At most one line for each tenth of a file. */
function progressLog(parts: InstallParts, file: ReleaseFile): (haveBytes: number) => void {
  let toldTenths = 0;
  return (haveBytes) => {
    const tenths = Math.floor((haveBytes / file.size) * 10);
    if (tenths <= toldTenths) return;
    toldTenths = tenths;
    const event = { event: "download.progress", sha256: file.sha256, haveBytes, size: file.size };
    parts.log.info(event, `downloaded ${tenths * 10} %`);
  };
}

function sizeOf(files: readonly ReleaseFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}
