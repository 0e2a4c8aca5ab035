/** Facts of one slot, for the plan: `one` is confirmed, `two` on trial, `three` something else. */
import {
  type DesiredModel,
  DesiredModel as DesiredModelSchema,
  ReleaseReference,
} from "@modelfleet/protocol";
import type { SlotState } from "../../../agent/src/domain/install/agent-state.ts";
import type { SlotFacts } from "../../../agent/src/domain/install/plan-step.ts";

export const [one, two, three] = ["1", "2", "3"].map(reference);
export const failure = { code: "RUNNER_CRASH", detail: "its runner ended" } as const;

export function reference(major = "1"): ReleaseReference {
  return ReleaseReference.parse({
    release: major.repeat(64),
    model: "digits",
    version: `${major}.0.0`,
  });
}

export function wanted(model = one): DesiredModel {
  return DesiredModelSchema.parse({ ...model, slot: "main", size: 900, activate: "now" });
}

export function slot(changes: Partial<SlotState> = {}): SlotState {
  const empty = { active: null, previous: null, trial: null };
  return { ...empty, ...changes, slot: wanted().slot };
}

export function facts(changes: Partial<SlotFacts> = {}): SlotFacts {
  return {
    slot: slot(),
    wanted: null,
    blocked: [],
    onDisk: "files",
    serving: null,
    ready: null,
    broken: null,
    distrusted: null,
    revoked: "no",
    restoreInMs: 0,
    verdict: { kind: "open", waitMs: 700 },
    room: { kind: "enough" },
    rehearsal: { kind: "none" },
    isStartOwed: false,
    gate: { kind: "open" },
    isGateTold: false,
    isUnnamed: false,
    deferral: { kind: "none" },
    denied: null,
    transitions: 0,
    ...changes,
  };
}

export const confirmed = { slot: slot({ active: one ?? null }), serving: one?.release ?? null };
export const onTrial = (attemptsLeft: number) => ({ ...reference("2"), attemptsLeft });
export const trialServes = {
  slot: slot({ active: one ?? null, trial: onTrial(2) }),
  wanted: wanted(two),
  serving: two?.release ?? null,
};
export const trialWaits = { ...trialServes, serving: one?.release ?? null };
export const r2 = two?.release;
