import { type DesiredModel, rehearsalLimits, VerifyError } from "@modelfleet/protocol";
import { type Gate, judgeGate } from "../../domain/install/activation-gate.ts";
import { type SlotState, slotOf } from "../../domain/install/agent-state.ts";
import type { Deferral } from "../../domain/install/deferral.ts";
import { judgeRoom, type Room } from "../../domain/install/memory-room.ts";
import type { OnDisk, RehearsalFacts, SlotFacts } from "../../domain/install/plan-step.ts";
import { judgeProbation, probationOf, type Verdict } from "../../domain/install/probation.ts";
import { refusalOfVerify } from "../../domain/install/refusal-of.ts";
import { FIRST_ATTEMPT } from "../../domain/install/transitions.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import type { InstallParts } from "./install-parts.ts";
import { measureMemory } from "./measure-memory.ts";
import type { SlotRuntime } from "./slot-runtime.ts";

export interface SlotView {
  readonly runtime: SlotRuntime;
  readonly wanted: DesiredModel | null;
  /** A document is followed that does not name the slot. */
  readonly isUnnamed: boolean;
  readonly onDisk: OnDisk;
  readonly room: Room;
}

export type GateParts = Pick<InstallParts, "clock" | "locks" | "record">;

const enough: Room = { kind: "enough" };
const none: Deferral = { kind: "none" };

/** All that the plan of one slot decides by, at this moment. */
export function readSlotFacts(parts: InstallParts, view: SlotView): SlotFacts {
  const { runtime, wanted, isUnnamed, onDisk, room } = view;
  const state = parts.record.current();
  const slot = slotOf(state, runtime.slot);
  const hasPrevious = slot.previous !== null && !parts.record.isRevoked(slot.previous.release);
  noteCrash(parts, runtime, { slot, hasPrevious });
  const { distrusted } = runtime;
  const gate = gateOf(parts, wanted);
  return {
    slot,
    wanted,
    blocked: state.blocked,
    onDisk,
    serving: runtime.servesRelease(),
    ready: runtime.ready?.staged.release ?? null,
    broken: runtime.broken,
    distrusted: distrusted?.release === slot.trial?.release ? (distrusted?.failure ?? null) : null,
    revoked: revokedBy(parts, slot, hasPrevious && !runtime.isIrreplaceable),
    restoreInMs: runtime.restoreInMs(),
    verdict: verdictOf(parts, runtime),
    room,
    rehearsal: rehearsalOf(runtime),
    isStartOwed: runtime.isStartRefunded && runtime.ready === null,
    ...{ gate, isUnnamed },
    isGateTold: gate.kind === "shut" && wanted !== null && runtime.isTold(wanted, gate),
    deferral: deferralOf(parts, view, gate),
    denied: wanted === null ? null : parts.deferrals.denied(runtime.slot, wanted.release),
    transitions: state.transitions,
  };
}

/** How much of what a slot wants is on disk. @throws StoreError */
export async function readOnDisk(
  { shelf, store }: InstallParts,
  wanted: DesiredModel | null,
): Promise<OnDisk> {
  if (wanted === null) return "nothing";
  const document = await shelf.find(wanted).catch((cause: unknown) => {
    // Fetching it again tells why it is not trusted.
    if (cause instanceof VerifyError) return undefined;
    throw cause;
  });
  if (document === undefined) return "nothing";
  for (const file of document.files) {
    if (!(await store.holds(file))) return "document";
  }
  return "files";
}

/** Whether there is room for the release on trial, where it is about to be loaded. @throws StoreError */
export async function readRoom(
  parts: InstallParts,
  { runtime, wanted }: Pick<SlotView, "runtime" | "wanted">,
  running: readonly LoadedModel[],
): Promise<Room> {
  const { trial } = slotOf(parts.record.current(), runtime.slot);
  const isLoaded = runtime.running().some(({ staged }) => staged.release === trial?.release);
  if (trial === null || wanted?.release !== trial.release || isLoaded) return enough;
  const document = await parts.shelf.find(trial);
  if (document === undefined) return enough;
  const { facts, memory } = await measureMemory(parts, runtime, running);
  return judgeRoom(document, facts, memory);
}

/** What is on trial is not installed yet, so it is held to the root of today. @throws StoreError */
export async function judgeTrial(
  { record, shelf }: InstallParts,
  runtime: SlotRuntime,
): Promise<void> {
  const { trial } = slotOf(record.current(), runtime.slot);
  const refusal = trial === null ? null : await shelf.distrust(trial);
  runtime.distrusted =
    trial === null || refusal === null
      ? null
      : {
          release: trial.release,
          failure: { code: refusalOfVerify(refusal.code), detail: refusal.message },
        };
}

/** The end of a release on trial is its verdict's matter; that of any other is mended here. */
function noteCrash(
  parts: InstallParts,
  runtime: SlotRuntime,
  { slot, hasPrevious }: { readonly slot: SlotState; readonly hasPrevious: boolean },
): void {
  const reason = runtime.crash;
  if (reason === null || runtime.servesRelease() === slot.trial?.release) return;
  runtime.dropEnded();
  const event = { event: "runner.ended", slot: runtime.slot, reason, inRow: runtime.endsInRow() };
  parts.log.error(event, "the runner of the active release ended");
  if (!runtime.isHopeless(hasPrevious)) return;
  const detail = `its runner ended again and again: ${reason}`;
  runtime.broken = { code: "RUNNER_CRASH", detail };
}

function verdictOf({ serving, rules, live }: InstallParts, runtime: SlotRuntime): Verdict {
  const { serving: model } = runtime;
  const health = serving.health(runtime.slot);
  const counted = health?.release === runtime.servesRelease() ? health : undefined;
  return judgeProbation(probationOf(rules, model?.staged.document.swap?.probation), {
    elapsedMs: runtime.servedMs(),
    answered: counted?.answered ?? 0,
    failed: counted?.failed ?? 0,
    crash: runtime.crash,
    live: model === null ? null : (live?.(model) ?? null),
  });
}

function rehearsalOf({ rehearsal: state }: SlotRuntime): RehearsalFacts {
  if (state.kind !== "running") return state;
  const verdict = state.rehearsal.verdict();
  // Also when the next stage is over already: each is told.
  const hasMoved = verdict.kind !== "failed" && state.rehearsal.stage() !== state.told;
  return hasMoved ? { kind: "moved" } : verdict;
}

/** Whether what is wanted of a slot may begin to serve there now. */
export function gateOf({ clock, locks, record }: GateParts, wanted: DesiredModel | null): Gate {
  if (wanted === null) return { kind: "open" };
  const nowMs = clock.nowMs();
  const isClockBelieved = nowMs >= record.current().timeFloorMs;
  const isLocked = locks.current() !== null;
  return judgeGate({ activate: wanted.activate, isLocked, nowMs, isClockBelieved });
}

/** Of a swap that could take place but for a gate, a rehearsal or an application; of any other there is nothing to put off. */
function deferralOf(
  { deferrals }: InstallParts,
  { runtime, wanted, room }: SlotView,
  gate: Gate,
): Deferral {
  const { serving, ready, rehearsal, slot } = runtime;
  if (serving === null || wanted === null) return none;
  const isProven = ready?.staged.release === wanted.release;
  if (!isProven && room.kind !== "after-stop") return none;
  const boundMs = wanted.deferMsMax ?? rehearsalLimits.deferMsMaxDefault;
  const isHeldUp = gate.kind === "shut" || (isProven && rehearsal.kind !== "none");
  const { release, attempt = FIRST_ATTEMPT } = wanted;
  const deferral = deferrals.judge(slot, { release, attempt, boundMs, isHeldUp });
  // The controller was told of a gate since: what it waits for now is not what it knows.
  const isOutdated = gate.kind === "open" && deferral.kind === "told" && runtime.hasToldWait();
  return isOutdated ? { ...deferral, kind: "untold" } : deferral;
}

function revokedBy(
  { record }: InstallParts,
  { active }: SlotState,
  isReplaceable: boolean,
): SlotFacts["revoked"] {
  if (active === null || !record.isRevoked(active.release)) return "no";
  return isReplaceable ? "replaceable" : "alone";
}
