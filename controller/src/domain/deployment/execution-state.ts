import type {
  DeploymentDevice,
  RefusalCode,
  ReportStep,
  Sha256,
  SlotReport,
} from "@modelfleet/protocol";

type Status = DeploymentDevice["status"];

/** What is known about one device of one deployment. */
export interface ExecutionFacts {
  readonly release: Sha256;
  /** Whether the decision function said no. */
  readonly ineligible: boolean;
  /** Sequence of the document that carried it. */
  readonly seq: number | null;
  /** Newest step the device has reported for this release in this slot. */
  readonly step: ReportStep | null;
  readonly code: RefusalCode | null;
  readonly detail: string | null;
  /** What the controller wants in this slot now. */
  readonly wanted: Sha256 | null;
  /** Highest sequence the device has said it holds, and this slot as it last reported it. */
  readonly reportedSeq: number;
  readonly slot: SlotReport | undefined;
}

/** How far one device of a deployment is; code and detail say why it waits, or did not end as wanted. */
export interface ExecutionState {
  readonly status: Status;
  readonly code: RefusalCode | null;
  readonly detail: string | null;
}

/**
 * State of an execution. Rules, the first that holds decides:
 *
 * 1. A device that was ineligible stays so.
 * 2. A reported end, `refused` or `rolled-back`, is history and stays, whatever is wanted later.
 * 3. Another release is wanted in this slot now: `superseded`.
 * 4. The device holds a document at least as new as ours and says of its slot: this release is active and not on
 *    trial → `confirmed`; it refused this release → `refused`; it is on trial → `running`.
 * 5. By the newest step: `confirmed`, or any other → `running`; none yet → `assigned`.
 */
export function executionState(facts: ExecutionFacts): ExecutionState {
  if (facts.ineligible) return plain("ineligible");
  if (facts.step === "refused" || facts.step === "rolled-back") return told(facts, facts.step);
  if (facts.wanted !== facts.release) return plain("superseded");
  return fromSlot(facts) ?? fromStep(facts);
}

function fromSlot(facts: ExecutionFacts): ExecutionState | undefined {
  const { slot, seq, release } = facts;
  if (slot === undefined || seq === null || facts.reportedSeq < seq) return undefined;
  if (slot.trial?.release === release) return onTrial(facts);
  if (slot.active?.release === release) return plain("confirmed");
  const refusal = slot.refused.find((entry) => entry.release === release);
  if (refusal === undefined) return undefined;
  const status = refusal.code === "ROLLED_BACK" ? "rolled-back" : "refused";
  return { status, code: refusal.code, detail: refusal.detail };
}

/** What a swap waits for is worth a word before it ends. */
function onTrial(facts: ExecutionFacts): ExecutionState {
  return facts.step === "deferred" ? told(facts, "running") : plain("running");
}

function fromStep(facts: ExecutionFacts): ExecutionState {
  if (facts.step === null) return plain("assigned");
  return told(facts, facts.step === "confirmed" ? "confirmed" : "running");
}

function told(facts: ExecutionFacts, status: Status): ExecutionState {
  return { status, code: facts.code, detail: facts.detail };
}

function plain(status: Status): ExecutionState {
  return { status, code: null, detail: null };
}
