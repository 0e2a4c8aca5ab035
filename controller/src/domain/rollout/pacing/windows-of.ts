import { type Labels, type MaintenanceWindow, rolloutLimits } from "@modelfleet/protocol";
import type { NextWindows, WindowSpan } from "./window-span.ts";

/** What windows are reckoned with; a `Calendar` is one. */
export interface WindowReckoning {
  readonly nextWindows: NextWindows;
  readonly isZone: (zone: string) => boolean;
}

/**
 * When a device may begin to serve: the next spans of all windows of the plan, those that overlap or touch made one.
 *
 * @returns at most `rolloutLimits.windowsAheadMax` spans that end after `nowMs`, in order; null: at any time
 */
export function windowsOf(
  plan: { readonly windows: readonly MaintenanceWindow[] },
  device: { readonly labels: Labels },
  { calendar, nowMs }: { readonly calendar: WindowReckoning; readonly nowMs: number },
): readonly WindowSpan[] | null {
  if (plan.windows.length === 0) return null;
  const count = rolloutLimits.windowsAheadMax;
  const each = plan.windows.map((window) => {
    const zone =
      window.zone === "device" ? deviceZone(device.labels, calendar.isZone) : window.zone;
    return calendar.nextWindows(window, { zone, fromMs: nowMs, count });
  });
  return mergeSpans(each.flat()).slice(0, count);
}

/**
 * The zone of a device: its label `timezone`, with dots for the slashes that a label's value may not have
 * (`Europe.Berlin`). UTC when it has none, or one that nobody knows; the preview warns of those.
 */
export function deviceZone(labels: Labels, isZone: (zone: string) => boolean): string {
  const zone = labelledZone(labels);
  return zone !== undefined && isZone(zone) ? zone : "UTC";
}

/** What its label says; undefined: it has none. */
export function labelledZone(labels: Labels): string | undefined {
  return Object.hasOwn(labels, "timezone") ? labels["timezone"]?.replaceAll(".", "/") : undefined;
}

/** In order, with spans that overlap or touch made one. */
export function mergeSpans(spans: readonly WindowSpan[]): readonly WindowSpan[] {
  const merged: WindowSpan[] = [];
  for (const span of spans.toSorted((left, right) => left.fromMs - right.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || span.fromMs > last.untilMs) merged.push(span);
    else if (span.untilMs > last.untilMs)
      merged[merged.length - 1] = { ...last, untilMs: span.untilMs };
  }
  return merged;
}
