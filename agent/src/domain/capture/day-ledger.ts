/** Bytes written under each policy on one day, UTC. */
export interface DayLedger {
  /** Days since 1970. */
  readonly day: number;
  readonly bytes: Readonly<Record<string, number>>;
  /** Nobody knows what was written, so no more is. */
  readonly isFull?: boolean;
}

export const emptyLedger: DayLedger = { day: 0, bytes: {} };

const DAY_MS = 86_400_000;

/**
 * The ledger with so many bytes more, or null where they do not fit the day. A clock that is set back begins no new day:
 * else every step back would be a day's quota.
 */
export function spend(
  ledger: DayLedger,
  asked: { readonly policy: string; readonly bytes: number; readonly bytesPerDayMax: number },
  nowMs: number,
): DayLedger | null {
  const current = onDay(ledger, nowMs);
  if (current.isFull === true) return null;
  const spent = (current.bytes[asked.policy] ?? 0) + asked.bytes;
  if (spent > asked.bytesPerDayMax) return null;
  return { day: current.day, bytes: { ...current.bytes, [asked.policy]: spent } };
}

/** In place of a damaged one: that day is over for every policy. */
export function fullLedger(nowMs: number): DayLedger {
  return { ...onDay(emptyLedger, nowMs), isFull: true };
}

/** What of it counts now. */
function onDay(ledger: DayLedger, nowMs: number): DayLedger {
  const day = Math.floor(nowMs / DAY_MS);
  return day > ledger.day ? { day, bytes: {} } : ledger;
}

/** @returns null for a record that is damaged */
export function parseLedger(text: string): DayLedger | null {
  const found = parsed(text);
  if (typeof found !== "object" || found === null) return null;
  if (!("day" in found) || !("bytes" in found)) return null;
  const { day, bytes } = found;
  if (!isCount(day) || typeof bytes !== "object" || bytes === null) return null;
  const entries = Object.entries(bytes);
  const counts = entries.filter((entry): entry is [string, number] => isCount(entry[1]));
  return counts.length === entries.length ? { day, bytes: Object.fromEntries(counts) } : null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: a damaged record.
  }
}
