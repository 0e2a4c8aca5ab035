import { type DesiredModel, VerifyError } from "@modelfleet/protocol";
import { type SlotState, slotOf } from "../../domain/install/agent-state.ts";
import type { OnDisk, RehearsalFacts, SlotFacts } from "../../domain/install/plan-step.ts";
import { judgeProbation, type Verdict } from "../../domain/install/probation.ts";
import { refusalOfVerify } from "../../domain/install/refusal-of.ts";
import type { InstallParts } from "./install-parts.ts";
import type { SlotRuntime } from "./slot-runtime.ts";

export interface SlotView {
  readonly runtime: SlotRuntime;
  readonly wanted: DesiredModel | null;
  readonly onDisk: OnDisk;
}

/** All that the plan of one slot decides by, at this moment. */
export function readSlotFacts(
  parts: InstallParts,
  { runtime, wanted, onDisk }: SlotView,
): SlotFacts {
  const state = parts.record.current();
  const slot = slotOf(state, runtime.slot);
  const hasPrevious = slot.previous !== null && !parts.record.isRevoked(slot.previous.release);
  noteCrash(parts, runtime, { slot, hasPrevious });
  const { distrusted } = runtime;
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
    room: { kind: "enough" },
    madeWayFor: null,
    rehearsal: rehearsalOf(runtime),
    deferral: { kind: "none" },
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

function verdictOf({ serving, rules }: InstallParts, runtime: SlotRuntime): Verdict {
  const health = serving.health(runtime.slot);
  const counted = health?.release === runtime.servesRelease() ? health : undefined;
  return judgeProbation(rules, {
    elapsedMs: runtime.servedMs(),
    answered: counted?.answered ?? 0,
    failed: counted?.failed ?? 0,
    crash: runtime.crash,
  });
}

function rehearsalOf({ rehearsal: state }: SlotRuntime): RehearsalFacts {
  if (state.kind !== "running") return state;
  const verdict = state.rehearsal.verdict();
  const hasMoved = verdict.kind === "open" && state.rehearsal.stage() !== state.told;
  return hasMoved ? { kind: "moved" } : verdict;
}

function revokedBy(
  { record }: InstallParts,
  { active }: SlotState,
  isReplaceable: boolean,
): SlotFacts["revoked"] {
  if (active === null || !record.isRevoked(active.release)) return "no";
  return isReplaceable ? "replaceable" : "alone";
}
