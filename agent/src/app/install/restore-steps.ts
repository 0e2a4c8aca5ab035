import type { Step } from "../../domain/install/plan-step.ts";
import { block, dropPrevious, fallBack } from "../../domain/install/transitions.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import { failureOf } from "./failure-of.ts";
import { attemptOf, type StepContext, slotState, stage } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

/** Start the active release from disk; needs no network. */
export async function restore({ release }: StepOf<"restore">, context: StepContext) {
  const { parts, runtime, signal } = context;
  try {
    const staged = await stage(context, release);
    if (staged === undefined) {
      const detail = "a file of the release is missing, or has other bytes than its digest";
      runtime.broken = { code: "DIGEST", detail };
      return;
    }
    const loaded = await parts.host.load(staged, signal, "restore");
    runtime.watch(loaded);
    parts.facts.proved(loaded.runtime.id);
    await flip(context, loaded);
    const { model, version } = staged.document;
    parts.log.info({ event: "release.restored", release, model, version }, "release serves");
  } catch (cause) {
    if (signal.aborted) throw cause;
    noteFailedRestore(context, cause);
  }
}

export async function fallBackTo({ release, failure }: StepOf<"fall-back">, context: StepContext) {
  const { parts, runtime } = context;
  const { record } = parts;
  const named = slotState(context).active;
  const healable = failure.code === "DIGEST" || failure.code === "STORE_FAILED";
  // Lost bytes can be fetched again; a release that will not run must not be.
  const attempt = attemptOf(context, release);
  const refusal = { release, attempt, ...failure };
  const kept = healable ? record.current() : block(record.current(), refusal);
  const { previous } = slotState(context);
  const isWayClosed = previous !== null && record.isRevoked(previous.release);
  const next = isWayClosed ? dropPrevious(kept, runtime.slot) : kept;
  // Also with a disk that takes nothing: a working model must not wait for it.
  await record.commitOrHold(fallBack(next, runtime.slot, release));
  runtime.noteReplaced();
  if (slotState(context).active === null) await parts.serving.deactivate(runtime.slot);
  if (named === null) return;
  const { slot } = runtime;
  await parts.report({ ...named, slot, step: "rolled-back", ...failure });
}

/** Broken when trying again cannot help, or when it did not help and there is another release to run. */
function noteFailedRestore(context: StepContext, cause: unknown): void {
  const { parts, runtime } = context;
  const failure = failureOf(cause);
  runtime.noteEnd();
  const final = ["SIGNATURE", "REVOKED", "FORMAT", "DIGEST"].includes(failure.code);
  const { previous } = slotState(context);
  const hasPrevious = previous !== null && !parts.record.isRevoked(previous.release);
  if (final || runtime.isHopeless(hasPrevious)) runtime.broken = failure;
  const event = { event: "release.restore-failed", ...failure, inRow: runtime.endsInRow() };
  parts.log.error(event, "the active release did not start");
}

/** From the next request on, this model answers; then the old one is drained. */
export async function flip({ parts, runtime }: StepContext, model: LoadedModel): Promise<void> {
  const drained = parts.serving.activate(runtime.slot, model);
  const { gap } = runtime;
  runtime.began(model);
  if (gap !== null) {
    const event = { event: "swap.gap", slot: runtime.slot, ...runtime.lastGap };
    parts.log.warn(event, "nobody answered, for want of memory for two releases at once");
  }
  await drained;
}
