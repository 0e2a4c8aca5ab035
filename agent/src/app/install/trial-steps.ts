import { goldenDetail } from "../../domain/golden/golden-detail.ts";
import type { Step } from "../../domain/install/plan-step.ts";
import {
  block,
  blockTrial,
  confirmTrial,
  dropPrevious,
  dropTrial,
  fallBack,
  refundAttempt,
  spendAttempt,
} from "../../domain/install/transitions.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import { failureOf } from "./failure-of.ts";
import { endRehearsal, tellFailedRehearsal } from "./rehearsal-steps.ts";
import type { SlotRuntime } from "./slot-runtime.ts";
import { documentOf, type StepContext, slotState, stage, tell } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

export async function loadTrial({ release }: StepOf<"load">, context: StepContext) {
  const { parts, runtime, signal } = context;
  const { record, host } = parts;
  await endRehearsal(runtime);
  const staged = await stage(context, release);
  if (staged === undefined) return record.commit(dropTrial(record.current(), runtime.slot));
  // Counted before it starts: a start that ends this agent must not be repeated for ever.
  await record.commit(spendAttempt(record.current(), runtime.slot));
  await tell(context, staged.document, { release, step: "loading" });
  const beganMs = parts.clock.monotonicMs();
  let loaded: LoadedModel;
  try {
    loaded = await host.load(staged, signal, "trial");
  } catch (cause) {
    if (signal.aborted) {
      await record.commit(refundAttempt(record.current(), runtime.slot));
      throw cause;
    }
    return refuseTrial({ do: "refuse", release, failure: failureOf(cause) }, context);
  }
  runtime.ready = loaded;
  runtime.rehearsal = { kind: "due" };
  runtime.watch(loaded);
  parts.facts.proved("cpu");
  const durationMs = parts.clock.monotonicMs() - beganMs;
  const detail = goldenDetail(loaded.golden);
  await tell(context, staged.document, { release, step: "golden", durationMs, detail });
}

export async function activate({ release }: StepOf<"activate">, context: StepContext) {
  const { runtime } = context;
  const { ready } = runtime;
  if (ready === null) return;
  runtime.rehearsal = { kind: "none" };
  runtime.standby = runtime.serving;
  runtime.ready = null;
  await flip(context, ready);
  await tell(context, ready.staged.document, { release, step: "activated" });
}

export async function confirm({ release }: StepOf<"confirm">, context: StepContext) {
  const { parts, runtime } = context;
  const document = await documentOf(context, release);
  const { record } = parts;
  await record.commit(confirmTrial(record.current(), runtime.slot, document.securityVersion));
  await tell(context, document, { release, step: "confirmed" });
  await stopStandby(context);
}

export async function rollBack({ release, failure }: StepOf<"rollback">, context: StepContext) {
  const { record } = context.parts;
  const document = await documentOf(context, release);
  await flipBack(context);
  await record.commit(blockTrial(record.current(), context.runtime.slot, { release, ...failure }));
  await tell(context, document, { release, step: "rolled-back", ...failure });
}

export async function giveWay({ release }: StepOf<"give-way">, context: StepContext) {
  const { record } = context.parts;
  const document = await documentOf(context, release);
  await flipBack(context);
  await record.commit(dropTrial(record.current(), context.runtime.slot));
  const detail = "another release was wanted before this one was confirmed";
  await tell(context, document, { release, step: "rolled-back", code: "ROLLED_BACK", detail });
}

export async function refuseTrial({ release, failure }: StepOf<"refuse">, context: StepContext) {
  const { parts, runtime } = context;
  const { record } = parts;
  const document = await documentOf(context, release);
  await tellFailedRehearsal(context, release);
  await stopReady(runtime);
  await record.commit(blockTrial(record.current(), runtime.slot, { release, ...failure }));
  await tell(context, document, { release, step: "refused", ...failure });
}

export async function abandonTrial(_: StepOf<"drop-trial">, context: StepContext) {
  const { parts, runtime } = context;
  await stopReady(runtime);
  await parts.record.commit(dropTrial(parts.record.current(), runtime.slot));
  // No step of a release, but the slot as the controller knows it is no longer right.
  await parts.report();
}

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
    parts.facts.proved("cpu");
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
  const kept = healable ? record.current() : block(record.current(), { release, ...failure });
  const { previous } = slotState(context);
  const isWayClosed = previous !== null && record.isRevoked(previous.release);
  const next = isWayClosed ? dropPrevious(kept, runtime.slot) : kept;
  await record.commit(fallBack(next, runtime.slot, release));
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
  runtime.began(model);
  await drained;
}

/**
 * The confirmed release answers again: from its standby at once, else from disk by the next step, for which requests
 * wait. Without a confirmed release nobody answers.
 */
async function flipBack(context: StepContext): Promise<void> {
  const { parts, runtime } = context;
  const failed = runtime.serving;
  const { standby } = runtime;
  runtime.standby = null;
  runtime.serving = null;
  runtime.crash = null;
  if (standby !== null) await flip(context, standby);
  else if (slotState(context).active === null) await parts.serving.deactivate(runtime.slot);
  await failed?.stop();
}

async function stopReady(runtime: SlotRuntime): Promise<void> {
  await endRehearsal(runtime);
  const { ready } = runtime;
  runtime.ready = null;
  await ready?.stop();
}

async function stopStandby({ runtime }: StepContext): Promise<void> {
  const { standby } = runtime;
  runtime.standby = null;
  await standby?.stop();
}
