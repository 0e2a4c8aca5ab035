import {
  type DesiredModel,
  type RefusalCode,
  type ReleaseReference,
  type Sha256,
  type SlotName,
  storeLimits,
} from "@modelfleet/protocol";
import {
  type AgentState,
  type BlockedRelease,
  slotOf,
  type Trial,
  withSlot,
} from "./agent-state.ts";
import { cutDetail } from "./cut-detail.ts";

/** Of an order that names none. */
export const FIRST_ATTEMPT = 1;

/** Every change of the state record, as a function from one record to the next. Each is one commit. */

/** Refusals that may end by themselves: tried again with the next document, whatever it names. */
const passing: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "NO_SPACE",
  "DOWNLOAD_FAILED",
  "STORE_FAILED",
  "INSUFFICIENT_MEMORY",
]);

/**
 * What stays blocked after a desired document was delivered: releases it still names, with no higher attempt, refused for a
 * lasting reason. Naming something else in between, or a higher attempt, is how an operator says "try it again".
 */
export function stillBlocked(
  blocked: readonly BlockedRelease[],
  wanted: readonly DesiredModel[],
): BlockedRelease[] {
  return blocked.filter(
    (held) =>
      !passing.has(held.code) &&
      wanted.some(({ release }) => release === held.release) &&
      !wanted.some((model) => isNewAttempt(held, model)),
  );
}

/** Whether this is an order to try a release once more that was given up. */
export function isNewAttempt(
  held: BlockedRelease,
  { release, attempt = FIRST_ATTEMPT }: DesiredModel,
): boolean {
  return release === held.release && attempt > (held.attempt ?? FIRST_ATTEMPT);
}

/** A release begins its trial with every start still to come. */
export function beginTrial(
  state: AgentState,
  slot: SlotName,
  reference: ReleaseReference & Pick<Trial, "attempt">,
): AgentState {
  const trial: Trial = { ...reference, attemptsLeft: storeLimits.trialAttemptsMax };
  return counted(withSlot(state, { ...slotOf(state, slot), trial }));
}

/** One start fewer; committed before the start, so that a start that takes the power down is counted. */
export function spendAttempt(state: AgentState, slot: SlotName): AgentState {
  const held = slotOf(state, slot);
  if (held.trial === null || held.trial.attemptsLeft <= 0) {
    throw new RangeError(`expected a trial with starts left in slot ${slot}`);
  }
  const trial = { ...held.trial, attemptsLeft: held.trial.attemptsLeft - 1 };
  return counted(withSlot(state, { ...held, trial }));
}

/**
 * A start that was called off from outside, or proved the release that now waits, does not count against it. What it began
 * was counted by the start; counted again, a device that is restarted often would give up a release that only waits.
 */
export function refundAttempt(state: AgentState, slot: SlotName): AgentState {
  const held = slotOf(state, slot);
  if (held.trial === null) return state;
  const attemptsLeft = Math.min(held.trial.attemptsLeft + 1, storeLimits.trialAttemptsMax);
  return withSlot(state, { ...held, trial: { ...held.trial, attemptsLeft } });
}

export function dropTrial(state: AgentState, slot: SlotName): AgentState {
  return counted(withSlot(state, { ...slotOf(state, slot), trial: null }));
}

/** The trial is over and passed. The floor rises only now (store.md 3.7). */
export function confirmTrial(
  state: AgentState,
  slot: SlotName,
  securityVersion: number,
): AgentState {
  const held = slotOf(state, slot);
  if (held.trial === null) throw new RangeError(`expected a trial in slot ${slot}`);
  const { attemptsLeft: _, attempt: __, ...active } = held.trial;
  const confirmed = withSlot(state, { slot, active, previous: held.active, trial: null });
  return raiseFloorOf({ ...confirmed, transitions: 0 }, active.model, securityVersion);
}

/**
 * The trial is over and lost; the active release was never replaced in this record. A refusal without an attempt is of the
 * one on trial.
 */
export function blockTrial(state: AgentState, slot: SlotName, refusal: BlockedRelease): AgentState {
  const { attempt } = slotOf(state, slot).trial ?? {};
  return block(dropTrial(state, slot), { attempt, ...refusal });
}

/** The active release cannot run here any more: the previous one takes its place; none is a state too. */
export function fallBack(state: AgentState, slot: SlotName, release: Sha256): AgentState {
  const held = slotOf(state, slot);
  if (held.active?.release !== release) return state;
  return withSlot(state, { ...held, active: held.previous, previous: null });
}

/** The way back is closed: what a root revokes is not begun with again. */
export function dropPrevious(state: AgentState, slot: SlotName): AgentState {
  return withSlot(state, { ...slotOf(state, slot), previous: null });
}

/** Not tried again until something else is wanted, or what stood in the way may have passed. */
export function block(state: AgentState, refusal: BlockedRelease): AgentState {
  const others = state.blocked.filter((held) => held.release !== refusal.release);
  const kept = others.slice(-(storeLimits.blockedReleasesMax - 1));
  const { release, code, detail, attempt } = refusal;
  const numbered = attempt === undefined ? {} : { attempt };
  const blocked = [...kept, { release, code, detail: cutDetail(detail), ...numbered }];
  return { ...state, blocked, transitions: 0 };
}

/** Trials that change without end, whatever the reason, end by this count (store.md 3.8). */
function counted(state: AgentState): AgentState {
  return { ...state, transitions: state.transitions + 1 };
}

function raiseFloorOf(
  state: AgentState,
  model: ReleaseReference["model"],
  securityVersion: number,
): AgentState {
  const floor = state.floors.find((held) => held.model === model)?.securityVersion ?? 0;
  const others = state.floors.filter((held) => held.model !== model);
  const raised = { model, securityVersion: Math.max(floor, securityVersion) };
  return { ...state, floors: [...others, raised] };
}
