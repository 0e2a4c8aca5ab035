import type { Step } from "../../domain/install/plan-step.ts";
import { blockTrial, confirmTrial, dropTrial } from "../../domain/install/transitions.ts";
import type { StagedRelease } from "../../ports/runner-host.ts";
import { takeStartBack } from "./deferral-steps.ts";
import { closeGap, dropTightStandby, gapText } from "./gap.ts";
import { endRehearsal, tellFailedRehearsal } from "./rehearsal-steps.ts";
import { flip } from "./restore-steps.ts";
import { documentOf, type StepContext, slotState, tell } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

export async function activate(_: StepOf<"activate">, context: StepContext) {
  const { parts, runtime } = context;
  const { ready } = runtime;
  if (ready === null) return;
  await takeStartBack(context);
  const putOff = parts.deferrals.ended(runtime.slot);
  runtime.standby = runtime.serving;
  runtime.ready = null;
  runtime.rehearsal = { kind: "none" };
  await flip(context, ready);
  await dropTightStandby(context);
  await tellActivated(context, ready.staged, [putOff]);
}

/** @param said what there is to say about it: how long applications put it off, how long nobody answered for it */
export async function tellActivated(
  context: StepContext,
  { release, document }: StagedRelease,
  said: readonly (string | undefined)[],
) {
  const sentences = said.filter((text) => text !== undefined);
  const detail = sentences.length === 0 ? {} : { detail: sentences.join("; ") };
  await tell(context, document, { release, step: "activated", ...detail });
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

export async function refuseTrial(step: StepOf<"refuse">, context: StepContext) {
  const { release, failure, attempt } = step;
  const { parts, runtime } = context;
  const { record } = parts;
  const document = await documentOf(context, release);
  await tellFailedRehearsal(context, release);
  await stopReady(context);
  // Somebody answers again before anything that a broken disk can hold up.
  const gap = await closeGap(context);
  const refusal = { release, ...failure, ...(attempt === undefined ? {} : { attempt }) };
  await record.commit(blockTrial(record.current(), runtime.slot, refusal));
  parts.deferrals.refused(runtime.slot);
  const detail = gap === undefined ? failure.detail : `${gapText(gap)}; ${failure.detail}`;
  await tell(context, document, { release, step: "refused", ...failure, detail });
}

export async function abandonTrial(_: StepOf<"drop-trial">, context: StepContext) {
  const { parts, runtime } = context;
  await stopReady(context);
  await parts.record.commit(dropTrial(parts.record.current(), runtime.slot));
  parts.deferrals.ended(runtime.slot);
  // No step of a release, but the slot as the controller knows it is no longer right.
  await parts.report();
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

async function stopReady({ runtime }: StepContext): Promise<void> {
  runtime.isStartRefunded = false;
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
