import type { Sha256 } from "@modelfleet/protocol";
import { goldenDetail } from "../../domain/golden/golden-detail.ts";
import type { Step } from "../../domain/install/plan-step.ts";
import { dropTrial, refundAttempt, spendAttempt } from "../../domain/install/transitions.ts";
import type { LoadedModel, LoadPurpose, StagedRelease } from "../../ports/runner-host.ts";
import { failureOf } from "./failure-of.ts";
import { gapText, openGap } from "./gap.ts";
import { endRehearsal } from "./rehearsal-steps.ts";
import { flip } from "./restore-steps.ts";
import { type StepContext, stage, tell } from "./step-context.ts";
import { refuseTrial, tellActivated } from "./trial-steps.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

export async function loadTrial({ release }: StepOf<"load">, context: StepContext) {
  const { parts, runtime } = context;
  const staged = await spendStart(release, context);
  if (staged === undefined) return;
  const beganMs = parts.clock.monotonicMs();
  const loaded = await start(staged, context, "trial");
  if (loaded === undefined) return;
  runtime.ready = loaded;
  runtime.rehearsal = { kind: "due" };
  await tellGolden(context, loaded, parts.clock.monotonicMs() - beganMs);
}

/**
 * Memory does not suffice for both: the release that answers is stopped, and comes back when the new one is refused. Until
 * one of them answers, requests wait; how long that was is told.
 */
export async function swapInPlace(step: StepOf<"swap-in-place">, context: StepContext) {
  context.runtime.isSwappingInPlace = true;
  try {
    await replace(step, context);
  } finally {
    context.runtime.isSwappingInPlace = false;
  }
}

async function replace({ release }: StepOf<"swap-in-place">, context: StepContext) {
  const { parts, runtime } = context;
  const putOff = parts.deferrals.ended(runtime.slot);
  const staged = await spendStart(release, context);
  if (staged === undefined) return;
  const beganMs = parts.clock.monotonicMs();
  const loaded = await start(staged, context, "in-place");
  if (loaded === undefined) return;
  const tookMs = parts.clock.monotonicMs() - beganMs;
  await flip(context, loaded);
  await tellGolden(context, loaded, tookMs);
  const { lastGap } = runtime;
  await tellActivated(context, staged, [putOff, lastGap === null ? undefined : gapText(lastGap)]);
}

/** Counted before it starts: a start that ends this agent must not be repeated for ever. */
async function spendStart(
  release: Sha256,
  context: StepContext,
): Promise<StagedRelease | undefined> {
  const { parts, runtime } = context;
  const { record } = parts;
  await endRehearsal(runtime);
  const staged = await stage(context, release);
  if (staged === undefined) {
    await record.commit(dropTrial(record.current(), runtime.slot));
    return undefined;
  }
  await record.commit(spendAttempt(record.current(), runtime.slot));
  await tell(context, staged.document, { release, step: "loading" });
  return staged;
}

/** Undefined when it is refused, which is told. */
async function start(
  staged: StagedRelease,
  context: StepContext,
  purpose: LoadPurpose,
): Promise<LoadedModel | undefined> {
  const { parts, runtime, signal } = context;
  const { record, host } = parts;
  try {
    // Nothing is stopped for a swap that was called off while its files were looked at.
    signal.throwIfAborted();
    if (purpose === "in-place") await openGap(staged.release, context);
    const loaded = await host.load(staged, signal, purpose);
    runtime.watch(loaded);
    parts.facts.proved(loaded.runtime.id);
    return loaded;
  } catch (cause) {
    if (signal.aborted) {
      await record.commit(refundAttempt(record.current(), runtime.slot));
      throw cause;
    }
    const { release } = staged;
    await refuseTrial({ do: "refuse", release, failure: failureOf(cause) }, context);
    return undefined;
  }
}

async function tellGolden(context: StepContext, loaded: LoadedModel, durationMs: number) {
  const { release, document } = loaded.staged;
  const detail = goldenDetail(loaded.golden, loaded.runtime);
  await tell(context, document, { release, step: "golden", durationMs, detail });
}
