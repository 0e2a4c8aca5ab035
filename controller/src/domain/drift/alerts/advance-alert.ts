import { driftLimits } from "@modelfleet/protocol";
import type { Verdict } from "../verdict.ts";
import { alertId } from "./alert-id.ts";
import { hasRecovered, isExcess, markOf, severityOf, withMark } from "./alert-marks.ts";
import type {
  AlertContext,
  AlertState,
  AlertTransition,
  Episode,
  Mark,
  OpenState,
  QuietState,
  Severity,
} from "./alert-state.ts";
import { transitionBetween } from "./alert-transition.ts";

/** What follows from a verdict or an act; at most one transition. */
export interface AdvancedAlert {
  readonly next: AlertState;
  readonly transitions: readonly AlertTransition[];
}

/** Of a signal that nothing has been heard of. */
export const unheardAlert: QuietState = {
  kind: "INSUFFICIENT_DATA",
  cellStartMs: -1,
  countedUntilMs: 0,
  marks: [],
  silentFromMs: null,
};

/**
 * 1. A verdict of a cell not newer than the last one changes nothing, nor does a historical one: the past pages nobody.
 * 2. Counted are verdicts that rest on cells after those of the last counted one, so that no window counts twice.
 * 3. INSUFFICIENT_DATA, OK and PENDING become FIRING when `persistenceExcesses` of the last `persistenceWindows` counted
 *    verdicts are excesses, or one that is conclusive is; PENDING while there are fewer but some.
 * 4. Where it would be FIRING but something speaks against telling (`suppression`), it is SUPPRESSED. So is what fires
 *    already; when the reason has gone, it fires again. One that nobody was told of waits for an excess that came after:
 *    what was only then is not told afterwards.
 * 5. FIRING and ACKED become RECOVERING with a calm verdict, and are back with an excess: it is the same episode, and
 *    not told again. An open one becomes OK after `recoveryWindows` calm verdicts in a row.
 * 6. A `warning` that becomes `critical` is told once more, also when it is ACKED; within an episode nothing grows milder.
 * 7. Without enough data for `silentMsMax` all becomes INSUFFICIENT_DATA. Until then nothing changes: silence is no sign
 *    of recovery.
 */
export function advanceAlert(
  state: AlertState,
  verdict: Verdict,
  context: AlertContext,
): AdvancedAlert {
  if (context.isHistorical || verdict.cellStartMs <= state.cellStartMs) {
    return { next: state, transitions: [] };
  }
  const next =
    verdict.status === "INSUFFICIENT_DATA"
      ? afterSilence(state, verdict)
      : afterWord(state, verdict, context);
  return { next, transitions: transitionBetween(state, next, { ...context, evidence: verdict }) };
}

function afterSilence(state: AlertState, { cellStartMs, untilMs }: Verdict): AlertState {
  const silentFromMs = state.silentFromMs ?? cellStartMs;
  if (untilMs - silentFromMs < driftLimits.silentMsMax) {
    return { ...state, cellStartMs, silentFromMs };
  }
  return { ...unheardAlert, cellStartMs, silentFromMs };
}

/** What was just heard, beside what is remembered. */
interface Heard {
  readonly mark: Mark | null;
  readonly severity: Severity | null;
  readonly context: AlertContext;
}

function afterWord(state: AlertState, verdict: Verdict, context: AlertContext): AlertState {
  const mark = markOf(state, verdict);
  const marks = withMark(state.marks, mark);
  const remembered = {
    cellStartMs: verdict.cellStartMs,
    countedUntilMs: mark === null ? state.countedUntilMs : verdict.untilMs,
    marks,
    silentFromMs: null,
  };
  const heard = { mark, severity: severityOf(marks, verdict), context };
  return "episode" in state
    ? afterOpen({ ...state, ...remembered }, heard)
    : afterQuiet({ ...state, ...remembered }, heard);
}

function afterQuiet(state: QuietState, { severity, context }: Heard): AlertState {
  const first = state.marks.find(isExcess);
  if (severity === null) return { ...state, kind: first === undefined ? "OK" : "PENDING" };
  const startedAtMs = first?.fromMs ?? state.cellStartMs;
  const { suppression } = context;
  const episode: Episode = {
    id: alertId(context.subject, startedAtMs),
    ...{ startedAtMs, severity, suppression, ackedBy: null },
    told: suppression === null ? severity : null,
  };
  return { ...state, kind: suppression === null ? "FIRING" : "SUPPRESSED", episode };
}

function afterOpen(state: OpenState, { mark, severity, context }: Heard): AlertState {
  const { episode, ...remembered } = state;
  if (hasRecovered(state.marks)) return { ...remembered, kind: "OK" };
  const { suppression } = context;
  const grown: Episode = {
    ...episode,
    ...{ suppression, severity: severity === "critical" ? severity : episode.severity },
  };
  if (suppression !== null) return { ...state, kind: "SUPPRESSED", episode: grown };
  const kind = openKind(state, mark, severity);
  const told = kind === "RECOVERING" ? episode.told : grown.severity;
  return { ...state, kind, episode: { ...grown, told } };
}

/** Where nothing speaks against telling. */
function openKind(state: OpenState, mark: Mark | null, severity: Severity | null) {
  const { told, ackedBy } = state.episode;
  const loud = ackedBy === null ? "FIRING" : "ACKED";
  const isHeardAgain = mark !== null && isExcess(mark);
  if (state.marks.at(-1)?.said === "calm") return "RECOVERING";
  if (told === null) return isHeardAgain && severity !== null ? loud : "RECOVERING";
  return isHeardAgain || state.kind === "SUPPRESSED" ? loud : state.kind;
}
