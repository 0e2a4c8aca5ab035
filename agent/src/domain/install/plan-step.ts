import {
  type DesiredModel,
  type Sha256,
  storeLimits,
  updateLockLimits,
} from "@modelfleet/protocol";
import type { Gate } from "./activation-gate.ts";
import type { BlockedRelease, SlotState } from "./agent-state.ts";
import type { Deferral } from "./deferral.ts";
import type { Failure } from "./failure.ts";
import type { Room } from "./memory-room.ts";
import type { Verdict } from "./probation.ts";
import { isNewAttempt } from "./transitions.ts";

/*
 * What one slot does next. In order; the first rule that applies decides:
 *
 * 0. The root does not trust the release on trial (any more): a trial that serves is rolled back, any other is dropped. The
 *    active release is revoked: a previous one that is not takes its place; without one it serves on, and that is said.
 * 1. A trial serves. Its verdict decides: failed → rollback; passed → confirm; open → wait. A trial that is
 *    overtaken by another wanted release, or by a document that does not name its slot, gives way to the active one, if
 *    there is one, and is not blocked.
 * 2. Nothing serves and there is an active release: restore it from disk; needs no network. If it cannot run here,
 *    fall back to the previous release. Between two attempts the rules below apply, for the cure may be among them.
 * 3. A trial exists that nobody wants any more → drop it. One that was denied on this device → refuse it.
 * 4. A trial is loaded and proven. Its rehearsal comes first, if it asks for one: failed → refuse; open → wait, unless
 *    nothing answers that it could be rehearsed beside. Then it is activated, unless an application puts that off (rule 11).
 * 5. A start that was given back when the release was proven counts after all when its runner ends by itself.
 *    A trial has no starts left → refuse it; it ended the agent or the machine each time. The same when trials have
 *    changed too often without an end, whatever the reason: files that never stay whole, loads called off again and again.
 * 6. A trial whose files are gone → drop it, rule 9 fetches them again. With its files in place, memory decides: room for
 *    both → load it; room only without the active one, and the release is made for that → swap in place, with a gap,
 *    unless an application puts that off (rule 11); no room → refuse it.
 * 7. The wanted release is active, or there is none wanted → idle.
 * 8. The wanted release is blocked → idle, until the controller wants something else, or a higher attempt of it.
 * 9. Get what is missing: the document, then the files; then begin a trial.
 * 10. A shut gate, a window or a lock of this device, holds up whatever would let a release answer: a rehearsal that has not
 *    begun, an activation, a swap in place. What goes before is done at once, so that what cannot run here is known early.
 * 11. What would take the place of a release that answers waits as long as an application puts it off, which has an end.
 *    Where nothing answers, nothing is put off: a first start, a restore, a rollback.
 */

/** What is known about one slot at this moment. */
export interface SlotFacts {
  readonly slot: SlotState;
  readonly wanted: DesiredModel | null;
  readonly blocked: readonly BlockedRelease[];
  /** Of the wanted release. */
  readonly onDisk: OnDisk;
  /** The release whose runner answers now. */
  readonly serving: Sha256 | null;
  /** A release loaded and proven that does not answer yet. */
  readonly ready: Sha256 | null;
  /** Why the active release cannot be started here; null as long as it can. */
  readonly broken: Failure | null;
  /** Why the root of today does not trust the release on trial; null while it does. */
  readonly distrusted: Failure | null;
  /** Whether the root revokes the active release; `replaceable`: the previous one can take its place. */
  readonly revoked: "no" | "replaceable" | "alone";
  /** Until the next attempt to start the active release; 0 is now. */
  readonly restoreInMs: number;
  readonly verdict: Verdict;
  /** For the release on trial, which is not loaded yet. */
  readonly room: Room;
  readonly rehearsal: RehearsalFacts;
  /** The release on trial got its start back while it waited, and its runner has ended. */
  readonly isStartOwed: boolean;
  /** Whether the order and this device let the wanted release begin to serve now. */
  readonly gate: Gate;
  /** A gate that is shut has been told as it stands. */
  readonly isGateTold: boolean;
  /** A document is followed that does not name this slot. */
  readonly isUnnamed: boolean;
  /** What the applications say about the swap that is due. */
  readonly deferral: Deferral;
  /** Why somebody on this device said no to the wanted release, and to which attempt of it; null when nobody did. */
  readonly denied: { readonly reason: string; readonly attempt: number } | null;
  /** Changes of trials since a release was last confirmed, refused, or newly wanted. */
  readonly transitions: number;
}

/**
 * Of the release on trial, beside the one that answers. `due`: not asked yet whether there is one. `moved`: its next
 * stage began, which is not told yet.
 */
export type RehearsalFacts =
  | { readonly kind: "none" }
  | { readonly kind: "due" }
  | { readonly kind: "moved" }
  | Verdict;

export type OnDisk = "nothing" | "document" | "files";

type ShutGate = Extract<Gate, { kind: "shut" }>;

interface RefuseStep {
  readonly do: "refuse";
  readonly release: Sha256;
  readonly failure: Failure;
  readonly attempt?: number; // The highest that is refused; absent: the one on trial.
}

export type Step =
  | { readonly do: "idle" }
  | { readonly do: "wait"; readonly waitMs: number; readonly isCalm?: boolean }
  | { readonly do: "restore"; readonly release: Sha256 }
  | { readonly do: "fall-back"; readonly release: Sha256; readonly failure: Failure }
  | { readonly do: "replace-revoked"; readonly release: Sha256; readonly by: Sha256 }
  | { readonly do: "note-revoked"; readonly release: Sha256 }
  | { readonly do: "fetch-release"; readonly wanted: DesiredModel }
  | { readonly do: "download"; readonly wanted: DesiredModel }
  | { readonly do: "begin-trial"; readonly wanted: DesiredModel }
  | { readonly do: "load"; readonly release: Sha256 }
  | { readonly do: "count-start"; readonly release: Sha256 }
  | { readonly do: "swap-in-place"; readonly release: Sha256 }
  | { readonly do: "rehearse"; readonly release: Sha256 }
  | { readonly do: "tell-rehearsal"; readonly release: Sha256 }
  | { readonly do: "end-rehearsal"; readonly release: Sha256 }
  | { readonly do: "tell-waiting"; readonly release: Sha256; readonly gate: ShutGate }
  | { readonly do: "tell-deferral"; readonly release: Sha256; readonly waitMs: number }
  | { readonly do: "activate"; readonly release: Sha256 }
  | { readonly do: "confirm"; readonly release: Sha256 }
  | { readonly do: "rollback"; readonly release: Sha256; readonly failure: Failure }
  | { readonly do: "give-way"; readonly release: Sha256 }
  | RefuseStep
  | { readonly do: "drop-trial"; readonly release: Sha256 };

/** The next step of one slot. Total: every combination of facts has an answer. */
export function planStep(facts: SlotFacts): Step {
  const { slot, serving, broken, restoreInMs } = facts;
  if (slot.trial !== null && facts.distrusted !== null) {
    const { release } = slot.trial;
    if (serving !== release) return { do: "drop-trial", release };
    return { do: "rollback", release, failure: facts.distrusted };
  }
  if (slot.trial !== null && serving === slot.trial.release) return judgeTrial(facts);
  const leaving = leaveRevoked(facts);
  if (leaving !== null) return leaving;
  const down = slot.active !== null && serving === null ? slot.active.release : null;
  if (down !== null && broken !== null) return { do: "fall-back", release: down, failure: broken };
  if (down !== null && restoreInMs <= 0) return { do: "restore", release: down };
  const next = slot.trial === null ? pursueWanted(facts) : pursueTrial(facts, slot.trial.release);
  return down === null ? next : noLaterThan(restoreInMs, next);
}

function noLaterThan(restoreInMs: number, next: Step): Step {
  if (next.do === "idle") return { do: "wait", waitMs: restoreInMs };
  return next.do === "wait" ? { do: "wait", waitMs: Math.min(restoreInMs, next.waitMs) } : next;
}

/** How long a wait lasts before the slot is looked at again: nobody tells when a verdict or the clock changes. */
export function restMsOf({ waitMs, isCalm = false }: Extract<Step, { do: "wait" }>): number {
  return Math.min(waitMs, isCalm ? updateLockLimits.lookMsMax : storeLimits.probationPollMs);
}

/** Steps that keep a working model in place: they come before any other slot's plans, and end a running download. */
export function isUrgent(step: Step): boolean {
  return urgent.has(step.do);
}

const urgent: ReadonlySet<Step["do"]> = new Set<Step["do"]>([
  "restore",
  "fall-back",
  "replace-revoked",
  "note-revoked",
  "confirm",
  "rollback",
  "give-way",
]);

/** Rule 0. protocol.md 1.4.12: a device is not left without a model for that. */
function leaveRevoked({ slot, revoked, blocked }: SlotFacts): Step | null {
  const { active, previous } = slot;
  if (active === null || revoked === "no") return null;
  const { release } = active;
  if (previous !== null && revoked === "replaceable") {
    return { do: "replace-revoked", release, by: previous.release };
  }
  const isNoted = blocked.some((held) => held.release === release && held.code === "REVOKED");
  return isNoted ? null : { do: "note-revoked", release };
}

/** Rule 1. */
function judgeTrial(facts: SlotFacts): Step {
  const release = facts.serving;
  if (release === null) throw new RangeError("a trial is judged only while it serves");
  const { verdict } = facts;
  if (verdict.kind === "failed") return { do: "rollback", release, failure: verdict.failure };
  const overtaken = facts.wanted === null ? facts.isUnnamed : facts.wanted.release !== release;
  if (overtaken && facts.slot.active !== null) return { do: "give-way", release };
  return verdict.kind === "passed"
    ? { do: "confirm", release }
    : { do: "wait", waitMs: verdict.waitMs };
}

/** Rules 3 to 6. */
function pursueTrial(facts: SlotFacts, release: Sha256): Step {
  const { slot, wanted, rehearsal } = facts;
  if (wanted?.release !== release) return { do: "drop-trial", release };
  if (facts.denied !== null) {
    const { reason, attempt } = facts.denied;
    const failure = { code: "CONSENT_DENIED", detail: reason } as const;
    return { do: "refuse", release, failure, attempt };
  }
  if (rehearsal.kind === "failed") return { do: "refuse", release, failure: rehearsal.failure };
  if (facts.ready === release) return bringIntoService(facts, release);
  if (facts.isStartOwed) return { do: "count-start", release };
  const failure = exhausted(slot.trial?.attemptsLeft ?? 0, facts.transitions);
  if (failure !== null) return { do: "refuse", release, failure };
  return facts.onDisk === "files" ? makeRoom(facts, release) : { do: "drop-trial", release };
}

/** Rule 4. */
function bringIntoService(facts: SlotFacts, release: Sha256): Step {
  const { rehearsal, serving } = facts;
  switch (rehearsal.kind) {
    case "due":
      return unlessShut(facts, release, () => {
        return { do: serving === null ? "activate" : "rehearse", release };
      });
    case "moved":
      return { do: "tell-rehearsal", release };
    case "open":
      // A proven release is not tried while requests are refused for want of one.
      if (serving === null) return { do: "end-rehearsal", release };
      return { do: "wait", waitMs: rehearsal.waitMs };
    case "passed":
      return { do: "end-rehearsal", release };
    case "failed":
      return { do: "refuse", release, failure: rehearsal.failure };
    case "none":
      return unlessShut(facts, release, () => unlessPutOff(facts, { do: "activate", release }));
  }
}

/** Rule 6. */
function makeRoom(facts: SlotFacts, release: Sha256): Step {
  const { room } = facts;
  switch (room.kind) {
    case "enough":
      return { do: "load", release };
    case "after-stop":
      return unlessShut(facts, release, () => {
        return unlessPutOff(facts, { do: "swap-in-place", release });
      });
    case "short":
      return { do: "refuse", release, failure: room.failure };
  }
}

/** Rule 10. */
function unlessShut({ gate, isGateTold }: SlotFacts, release: Sha256, then: () => Step): Step {
  if (gate.kind === "open") return then();
  if (!isGateTold) return { do: "tell-waiting", release, gate };
  const { lookMsMax } = updateLockLimits;
  return { do: "wait", waitMs: Math.max(1, gate.opensInMs ?? lookMsMax), isCalm: true };
}

/** Rule 11. */
function unlessPutOff(
  { serving, deferral }: SlotFacts,
  swap: Extract<Step, { do: "activate" | "swap-in-place" }>,
): Step {
  if (serving === null || deferral.kind === "none") return swap;
  const { waitMs } = deferral;
  if (deferral.kind === "told") return { do: "wait", waitMs };
  return { do: "tell-deferral", release: swap.release, waitMs };
}

/** Rule 5. */
function exhausted(attemptsLeft: number, transitions: number): Failure | null {
  if (attemptsLeft <= 0) {
    const detail = "every start of this release ended the agent before it was confirmed";
    return { code: "RUNNER_CRASH", detail };
  }
  if (transitions < storeLimits.transitionsWithoutCommitMax) return null;
  const why = "the agent was restarted, another order came, or its files did not stay whole";
  const detail = `given up after ${transitions} starts and ends of its trial without a result: each time ${why}`;
  return { code: "STORE_FAILED", detail };
}

/** Rules 7 to 9. */
function pursueWanted(facts: SlotFacts): Step {
  const { slot, wanted, onDisk } = facts;
  if (wanted === null || slot.active?.release === wanted.release) return { do: "idle" };
  if (isGivenUp(facts.blocked, wanted)) return { do: "idle" };
  switch (onDisk) {
    case "nothing":
      return { do: "fetch-release", wanted };
    case "document":
      return { do: "download", wanted };
    case "files":
      return { do: "begin-trial", wanted };
  }
}

/** Rule 8. A higher attempt may have come while a lower one was under way. */
function isGivenUp(blocked: readonly BlockedRelease[], wanted: DesiredModel): boolean {
  return blocked.some((held) => held.release === wanted.release && !isNewAttempt(held, wanted));
}
