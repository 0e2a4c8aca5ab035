import { type DeliveryState, eventLimits } from "@modelfleet/protocol";

/** What came of sending an event once. */
export type SendOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** The beginning of the answer. */
      readonly text: string;
      /** What `Retry-After` asks for; null where it says nothing. */
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "unanswered"; readonly reason: string };

/** Where a delivery stands after an attempt. */
export interface DeliveryProgress {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastAtMs: number;
  readonly status: number | null;
  readonly outcome: string;
  /** null when it is over. */
  readonly nextAtMs: number | null;
}

export interface Attempt {
  /** Attempts before this one. */
  readonly attempts: number;
  readonly sinceMs: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly chance: number;
}

/** The receiver has gone for good and says so (RFC 9110). */
const GONE = 410;

/**
 * 1. Answered 2xx: delivered. Everything else is a failure, a redirection too: the address that was checked is the one that
 *    is told.
 * 2. After a failure it is tried again, each time twice as late, up to an hour, and up to half of that earlier: many that
 *    failed together come back apart. `Retry-After` makes it later, never earlier.
 * 3. It is given up after `attemptsMax`, when it would be older than `deliveryAgeMsMax`, and at once after 410.
 */
export function judgeAttempt(outcome: SendOutcome, attempt: Attempt): DeliveryProgress {
  const { nowMs, sinceMs, chance } = attempt;
  const attempts = attempt.attempts + 1;
  const written = { attempts, lastAtMs: nowMs, ...described(outcome) };
  if (isTaken(outcome)) return { ...written, state: "delivered", nextAtMs: null };
  const nextAtMs = nowMs + Math.max(retryMs(attempts, chance), askedMs(outcome));
  const isOver =
    written.status === GONE ||
    attempts >= eventLimits.attemptsMax ||
    nextAtMs - sinceMs > eventLimits.deliveryAgeMsMax;
  return isOver
    ? { ...written, state: "failed", nextAtMs: null }
    : { ...written, state: "pending", nextAtMs };
}

function isTaken(outcome: SendOutcome): boolean {
  return outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;
}

/** Rule 2. */
function retryMs(failures: number, chance: number): number {
  const { retryMsMin, retryMsMax } = eventLimits;
  const fullMs = Math.min(retryMsMax, retryMsMin * 2 ** (failures - 1));
  return Math.round(fullMs * (1 - chance / 2));
}

function askedMs(outcome: SendOutcome): number {
  const asked = outcome.kind === "answered" ? (outcome.retryAfterMs ?? 0) : 0;
  return Math.min(asked, eventLimits.retryMsMax);
}

function described(outcome: SendOutcome): Pick<DeliveryProgress, "status" | "outcome"> {
  const [status, text] =
    outcome.kind === "answered" ? [outcome.status, outcome.text] : [null, outcome.reason];
  return { status, outcome: text.slice(0, eventLimits.outcomeLengthMax) };
}
