import type { Bootstrap } from "./bootstrap.ts";
import { seededWords } from "./seeded-words.ts";

/** Rows [from, to) of one hour, or all. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** The rows of a reference in the order they are drawn from: those of one hour side by side, each hour in its own time. */
export interface DrawOrder {
  /** Shape [rows]; undefined: as they are. */
  readonly order: Uint32Array | undefined;
  /** By hour; a single one when there are none. */
  readonly ranges: readonly RowRange[];
}

export function drawOrder(length: number, slots: Uint8Array | undefined): DrawOrder {
  if (slots === undefined) return { order: undefined, ranges: [{ from: 0, to: length }] };
  const rows = Array.from({ length: Math.max(...new Set(slots)) + 1 }, (): number[] => []);
  for (let row = 0; row < length; row++) rows[slots[row] ?? 0]?.push(row);
  let from = 0;
  const ranges = rows.map((list) => {
    const range = { from, to: from + list.length };
    from = range.to;
    return range;
  });
  return { order: Uint32Array.from(rows.flat()), ranges };
}

/** Fills in the first rows of the blocks of one window; returns the hour they are of, 0 when there are none. */
export type DrawStarts = (starts: Uint32Array) => number;

/** Hours come as often as they have rows; within one, each row is as likely to begin a block. */
export function blockStarts({ ranges }: DrawOrder, { seed }: Bootstrap): DrawStarts {
  const words = seededWords(seed);
  const below = (bound: number) => Math.floor((words() / 2 ** 32) * bound);
  const length = ranges.at(-1)?.to ?? 0;
  return (starts) => {
    const slot = ranges.length === 1 ? 0 : slotOfRow(ranges, below(length));
    const { from, to } = ranges[slot] ?? { from: 0, to: length };
    for (let i = 0; i < starts.length; i++) starts[i] = from + below(to - from);
    return slot;
  };
}

function slotOfRow(ranges: readonly RowRange[], row: number): number {
  return ranges.findIndex(({ from, to }) => row >= from && row < to);
}
