import {
  type DesiredModel,
  type DesiredSlot,
  formatTimestamp,
  type MaintenanceWindow,
  type SlotName,
} from "@modelfleet/protocol";
import { type WindowReckoning, windowsOf } from "../rollout/pacing/windows-of.ts";

/** What should run in one slot, with the size of its signed document. */
export interface OrderedSlot extends DesiredSlot {
  readonly envelopeSize: number;
  /** A release that the device gave up is tried again with a higher one; 1 when absent. */
  readonly attempt?: number;
  /** It begins to serve only inside one of them, each in a zone of its own; at any time when absent. */
  readonly windows?: readonly MaintenanceWindow[];
}

interface Reckoning {
  readonly calendar: WindowReckoning;
  readonly nowMs: number;
}

/** Entries of a desired document that is signed now for these slots. */
export function desiredModels(slots: readonly OrderedSlot[], at: Reckoning): DesiredModel[] {
  return slots.map(({ slot, model, release, envelopeSize, deferMsMax, attempt, windows }) => ({
    slot,
    model,
    release,
    size: envelopeSize,
    activate: windows === undefined ? ("now" as const) : { windows: spansOf(windows, at) },
    ...(attempt === undefined ? {} : { attempt }),
    ...(deferMsMax === undefined ? {} : { deferMsMax }),
  }));
}

/** Whether a slot waits for a window and the document signed then names none that is still to end. */
export function areWindowsOver(
  slots: readonly OrderedSlot[],
  { calendar, signedAtMs, nowMs }: Reckoning & { readonly signedAtMs: number },
): boolean {
  return slots.some(({ windows }) => {
    const last = windowsOf({ windows: windows ?? [] }, anywhere, { calendar, nowMs: signedAtMs });
    return (last?.at(-1)?.untilMs ?? Number.POSITIVE_INFINITY) <= nowMs;
  });
}

/** The slots after one of them got a new wish; the others stay. */
export function withSlot<T extends { readonly slot: SlotName }>(
  slots: readonly T[],
  entry: T,
): T[] {
  return [...slots.filter((other) => other.slot !== entry.slot), entry];
}

/** Their zones were the device's when it was ordered, and do not change with its labels. */
const anywhere = { labels: {} };

function spansOf(windows: readonly MaintenanceWindow[], at: Reckoning): [string, string][] {
  const spans = windowsOf({ windows }, anywhere, at) ?? [];
  return spans.map(({ fromMs, untilMs }) => [formatTimestamp(fromMs), formatTimestamp(untilMs)]);
}
