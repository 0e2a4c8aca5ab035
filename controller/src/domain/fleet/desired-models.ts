import {
  type DesiredModel,
  type DesiredSlot,
  formatTimestamp,
  type MaintenanceWindow,
  type SlotName,
  type SlotReport,
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

/**
 * Whether a document signed now would help a device that waits: the last window that the one signed then names has begun,
 * and there are later ones (protocol.md 4.3).
 */
export function areWindowsRunningOut(
  { slots, reported }: OrderAndAnswer,
  { calendar, signedAtMs, nowMs }: Reckoning & { readonly signedAtMs: number },
): boolean {
  return slots.some(({ slot, release, windows = [] }) => {
    const serves = reported.some((held) => held.slot === slot && held.active?.release === release);
    if (serves || windows.length === 0) return false;
    const lastOf = (atMs: number) =>
      windowsOf({ windows }, anywhere, { calendar, nowMs: atMs })?.at(-1);
    const [known, later] = [lastOf(signedAtMs), lastOf(nowMs)];
    if (known === undefined || later === undefined) return false;
    return known.fromMs <= nowMs && known.untilMs < later.untilMs;
  });
}

interface OrderAndAnswer {
  readonly slots: readonly OrderedSlot[];
  /** What the device says of its slots. */
  readonly reported: readonly SlotReport[];
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
