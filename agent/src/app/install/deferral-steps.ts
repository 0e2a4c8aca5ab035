import type { Step } from "../../domain/install/plan-step.ts";
import { refundAttempt, spendAttempt } from "../../domain/install/transitions.ts";
import { documentOf, type StepContext, slotState, tell } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

/** The controller learns that a swap waits for an application, and for how long at most. */
export async function tellDeferral(
  { release, waitMs }: StepOf<"tell-deferral">,
  context: StepContext,
) {
  const { parts, runtime } = context;
  await giveStartBack(context);
  const document = await documentOf(context, release);
  const detail = parts.deferrals.told(runtime.slot);
  const what = { step: "deferred", code: "DEFERRED", detail } as const;
  await tell(context, document, { release, ...what, durationMs: waitMs });
  runtime.forgetTold();
}

/** The controller learns once for what a release waits; new windows are asked for when there are none left. */
export async function tellWaiting({ release, gate }: StepOf<"tell-waiting">, context: StepContext) {
  const { parts, runtime, wanted } = context;
  await giveStartBack(context);
  const document = await documentOf(context, release);
  const { detail, opensInMs, isOver } = gate;
  const opens = opensInMs === null ? {} : { durationMs: opensInMs };
  await tell(context, document, { release, step: "waiting", detail, ...opens });
  if (wanted !== null) runtime.noteTold(wanted, gate);
  if (isOver) parts.askDesired();
}

/**
 * A release that is proven may wait for days; an agent that is restarted meanwhile has not been ended by it. What ends
 * the agent again and again all the same is bounded by the count of transitions.
 */
export async function giveStartBack({ parts, runtime }: StepContext): Promise<void> {
  if (runtime.ready === null || runtime.isStartRefunded) return;
  const { record } = parts;
  await record.commit(refundAttempt(record.current(), runtime.slot));
  runtime.isStartRefunded = true;
}

/** It ended while it only waited, which is a start that came to nothing. */
export function countStart(_: StepOf<"count-start">, context: StepContext): Promise<void> {
  return takeStartBack(context);
}

/** From here on the release may end the agent by answering: as for any start, counted first. */
export async function takeStartBack(context: StepContext): Promise<void> {
  const { parts, runtime } = context;
  if (!runtime.isStartRefunded) return;
  const { record } = parts;
  const attemptsLeft = slotState(context).trial?.attemptsLeft ?? 0;
  if (attemptsLeft > 0) await record.commit(spendAttempt(record.current(), runtime.slot));
  runtime.isStartRefunded = false;
}
