import {
  documentLimits,
  HelloMessage,
  ReleaseReference,
  type Sha256,
  type SlotName,
  SlotReport,
  storeLimits,
} from "@modelfleet/protocol";
import type { Failure } from "./failure.ts";

const { model } = ReleaseReference.shape;
const counter = HelloMessage.shape.boot;
const digest = ReleaseReference.shape.release;

/** A release that has not yet proven itself on this device. */
export const Trial = ReleaseReference.extend({
  /** Starts left; taken down by one and committed before each start. */
  attemptsLeft: counter.max(storeLimits.trialAttemptsMax),
  /** Which attempt of the order it is; absent: the first. */
  attempt: counter.optional(),
});
export type Trial = ReturnType<typeof Trial.parse>;

export const SlotState = SlotReport.omit({ refused: true }).extend({ trial: Trial.nullable() });
export type SlotState = ReturnType<typeof SlotState.parse>;

/** A release this device will not try again before it is told another one, or a higher attempt (protocol.md 4.5). */
export const BlockedRelease = SlotReport.shape.refused.element.extend({
  /** The last attempt there was; absent: the first. */
  attempt: counter.optional(),
});
export type BlockedRelease = ReturnType<typeof BlockedRelease.parse>;

/** Lowest security version still taken for a model. */
const Floor = ReleaseReference.pick({ model: true }).extend({ model, securityVersion: counter });

/**
 * Everything the device decides by, in one record: one write of it is the one commit point (store.md 1).
 * There is no "current" link anywhere else.
 */
export const AgentState = HelloMessage.pick({ boot: true, rootVersion: true }).extend({
  rootSha256: digest,
  seq: counter,
  desiredSha256: digest.nullable(),
  timeFloorMs: counter,
  floors: Floor.array(),
  slots: SlotState.array().max(documentLimits.modelsPerDesiredMax),
  blocked: BlockedRelease.array().max(storeLimits.blockedReleasesMax),
  /** Changes of trials since a release was last confirmed, refused, or newly wanted (store.md 3.8). */
  transitions: counter.default(0),
});
export type AgentState = ReturnType<typeof AgentState.parse>;

/** What a device starts from: enrolled a moment ago, or having lost both state slots. */
export function emptyState(
  root: { readonly version: number; readonly sha256: Sha256 },
  timeFloorMs: number,
): AgentState {
  return {
    boot: 0,
    rootVersion: root.version,
    rootSha256: root.sha256,
    seq: 0,
    desiredSha256: null,
    timeFloorMs,
    floors: [],
    slots: [],
    blocked: [],
    transitions: 0,
  };
}

/** The slot of this name; an empty one when the device has never used it. */
export function slotOf(state: AgentState, slot: SlotName): SlotState {
  return (
    state.slots.find((held) => held.slot === slot) ?? {
      slot,
      active: null,
      previous: null,
      trial: null,
    }
  );
}

/** Whether a slot runs this release, keeps it for the way back, or has it on trial. */
export function isHeld(state: AgentState, release: Sha256): boolean {
  return state.slots.some(({ active, previous, trial }) =>
    [active, previous, trial].some((held) => held?.release === release),
  );
}

/** Replaces one slot; others that hold nothing are left out, which is what `slotOf` says of an unknown one. */
export function withSlot(state: AgentState, slot: SlotState): AgentState {
  const others = state.slots.filter((held) => held.slot !== slot.slot && !isEmpty(held));
  return { ...state, slots: [...others, slot] };
}

/** Why one more slot cannot be opened; null when there is room, or the slot is in use already. */
export function refuseSlot(state: AgentState, slot: SlotName): Failure | null {
  const slotsMax = documentLimits.modelsPerDesiredMax;
  const used = state.slots.filter((held) => held.slot !== slot && !isEmpty(held));
  if (used.length < slotsMax) return null;
  const names = used.map((held) => held.slot).join(", ");
  const detail = `expected at most ${slotsMax} slots on a device, in use are ${names}`;
  return { code: "INCOMPATIBLE_TARGET", detail };
}

function isEmpty({ active, previous, trial }: SlotState): boolean {
  return active === null && previous === null && trial === null;
}
