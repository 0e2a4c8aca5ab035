import type { CohortKey } from "../cohort-key.ts";
import type { SignalId } from "../signal.ts";
import type { Verdict } from "../verdict.ts";

/** One release's signal in one cohort: what an alert is about. */
export interface AlertSubject {
  readonly release: string;
  readonly cohort: CohortKey;
  readonly signal: SignalId;
}

export type AlertKind =
  | "INSUFFICIENT_DATA"
  | "OK"
  | "PENDING"
  | "FIRING"
  | "RECOVERING"
  | "SUPPRESSED"
  | "ACKED";

export type Severity = "warning" | "critical";

/** A counted verdict: only those that rest on cells of their own are counted. */
export interface Mark {
  /** `calm`: below `driftLimits.recoveryShare` of the threshold. */
  readonly said: "calm" | "near" | "warn" | "breach";
  readonly fromMs: number;
}

/** Kept by a store between two cells; plain data. */
export type AlertState = QuietState | OpenState;

interface Remembered {
  /** The last cell that moved it: an older or equal one never does. */
  readonly cellStartMs: number;
  /** End of what the last counted verdict rests on. */
  readonly countedUntilMs: number;
  /** The last counted verdicts, oldest first. */
  readonly marks: readonly Mark[];
  /** Cells in a row without enough data begin here; null while there is. */
  readonly silentFromMs: number | null;
}

/** Nothing to tell. */
export interface QuietState extends Remembered {
  readonly kind: "INSUFFICIENT_DATA" | "OK" | "PENDING";
}

/** There is, or there would be. */
export interface OpenState extends Remembered {
  readonly kind: "FIRING" | "RECOVERING" | "SUPPRESSED" | "ACKED";
  readonly episode: Episode;
}

/** From the first counted excess to recovery. */
export interface Episode {
  /** Same for whoever works it out again from the same windows. */
  readonly id: string;
  readonly startedAtMs: number;
  readonly severity: Severity;
  /** Why nobody is told; null when somebody was, or will be. */
  readonly suppression: Suppression | null;
  /** Who took it, when it is ACKED or was before it began to recover. */
  readonly ackedBy: string | null;
  /** As how grave people were told of it, if at all: then they are told of its end, too. */
  readonly told: Severity | null;
}

/**
 * `provisional`: nobody has confirmed the reference. `rollout`: the release has just come to many of the cohort's devices.
 * `maintenance`: people have announced it. `parent`: the alert of the whole fleet says it already. `quality`: the values
 * cannot be believed.
 */
export type Suppression = "provisional" | "rollout" | "maintenance" | "parent" | "quality";

/** A change of state, in the record for ever. */
export interface AlertTransition {
  readonly id: string;
  readonly subject: AlertSubject;
  readonly from: AlertKind;
  readonly to: AlertKind;
  readonly atMs: number;
  readonly severity: Severity | null;
  readonly suppression: Suppression | null;
  /** Whether people are told. */
  readonly notice: "fired" | "worse" | "resolved" | "lost" | null;
  /** What it rests on; null for a person's act, and where nothing was heard. */
  readonly evidence: Verdict | null;
}

/** What surrounds one verdict. */
export interface AlertContext {
  readonly subject: AlertSubject;
  /** null: nothing. */
  readonly suppression: Suppression | null;
  /** Late or re-evaluated: it changes the record and pages nobody. */
  readonly isHistorical: boolean;
}
