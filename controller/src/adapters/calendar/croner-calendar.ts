import { type MaintenanceWindow, rolloutLimits } from "@modelfleet/protocol";
import { PlanInvalid } from "../../domain/errors.ts";
import type { Calendar, WindowSpan } from "../../ports/calendar.ts";
import { cronFault, cronStarts } from "./cron-starts.ts";
import { isZone } from "./zone.ts";

/**
 * Maintenance windows by cron and IANA zone. A window that would begin in an hour that the clocks leave out begins when
 * they have; one in an hour that comes twice begins the first time only, unless it begins every hour. It lasts as long as
 * it says in real time, whatever the clocks do.
 */
export function cronerCalendar(): Calendar {
  const remembered = new Map<string, Reckoned>();
  return {
    isZone,
    cronFault,
    nextWindows: (window, { zone, fromMs, count }) => {
      const key = JSON.stringify([window.cron, window.durationMs, zone, count]);
      const known = remembered.get(key);
      const isGood = known !== undefined && fromMs >= known.fromMs && fromMs < known.goodUntilMs;
      const reckoned = isGood ? known : reckon(window, { zone, fromMs, count });
      if (!isGood) remember(remembered, key, reckoned);
      return reckoned.spans.filter(({ untilMs }) => untilMs > fromMs).slice(0, count);
    },
  };
}

/** Reckoned beyond what was asked for, so that the next questions are answered from memory. */
const spareSpans = 4;

/** Answers questions from `fromMs` until just before `goodUntilMs`. */
interface Reckoned {
  readonly fromMs: number;
  readonly goodUntilMs: number;
  readonly spans: readonly WindowSpan[];
}

interface Asked {
  readonly zone: string;
  readonly fromMs: number;
  readonly count: number;
}

function reckon({ cron, durationMs }: MaintenanceWindow, { zone, fromMs, count }: Asked): Reckoned {
  refuse(cron, zone);
  const spans: WindowSpan[] = [];
  let starts = 0;
  // A window may be open already, so look as far back as it lasts; starts are strictly after the moment given.
  for (const startMs of cronStarts(cron, zone, fromMs - durationMs)) {
    const last = spans.at(-1);
    const untilMs = startMs + durationMs;
    const isTouching = last !== undefined && startMs <= last.untilMs;
    if (isTouching) spans[spans.length - 1] = { fromMs: last.fromMs, untilMs };
    else if (spans.length < count + spareSpans) spans.push({ fromMs: startMs, untilMs });
    else return { fromMs, goodUntilMs: spans[spareSpans]?.untilMs ?? fromMs, spans };
    starts += 1;
    // Windows that touch for so long are told about in pieces; the second half of one is left to be reckoned anew.
    if (starts === rolloutLimits.windowStartsMax) {
      return { fromMs, goodUntilMs: (fromMs + untilMs) / 2, spans };
    }
  }
  return { fromMs, goodUntilMs: Number.POSITIVE_INFINITY, spans };
}

function refuse(cron: string, zone: string): void {
  const fault = cronFault(cron);
  if (fault !== undefined) throw new PlanInvalid([{ pointer: "/windows", detail: fault }]);
  if (isZone(zone)) return;
  const detail = `expected an IANA zone like Europe/Berlin, got "${zone}"`;
  throw new PlanInvalid([{ pointer: "/windows", detail }]);
}

/** The oldest is forgotten first. */
function remember(known: Map<string, Reckoned>, key: string, reckoned: Reckoned): void {
  known.delete(key);
  known.set(key, reckoned);
  const oldest = known.keys().next();
  if (known.size > rolloutLimits.windowsRememberedMax && !oldest.done) known.delete(oldest.value);
}
