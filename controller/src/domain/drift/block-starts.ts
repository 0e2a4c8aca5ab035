import type { Bootstrap } from "./bootstrap.ts";
import { seededWords } from "./seeded-words.ts";

/** Fills in the first rows of the blocks of one window; returns the hour they are of, 0 when there are none. */
export type DrawStarts = (starts: Uint32Array) => number;

/** @param length rows of the reference, at least `blockItems` */
export function blockStarts(length: number, { blockItems, slots, seed }: Bootstrap): DrawStarts {
  const words = seededWords(seed);
  const below = (bound: number) => Math.floor((words() / 2 ** 32) * bound);
  const lastStart = length - blockItems;
  if (slots === undefined) {
    return (starts) => {
      for (let i = 0; i < starts.length; i++) starts[i] = below(lastStart + 1);
      return 0;
    };
  }
  const rowsOf = rowsBySlot(slots);
  return (starts) => {
    // As often as the hour has rows.
    const slot = slots[below(length)] ?? 0;
    const rows = rowsOf[slot] ?? slots;
    for (let i = 0; i < starts.length; i++) {
      starts[i] = Math.min(rows[below(rows.length)] ?? 0, lastStart);
    }
    return slot;
  };
}

function rowsBySlot(slots: Uint8Array): readonly Uint32Array[] {
  const rows = Array.from({ length: Math.max(...new Set(slots)) + 1 }, (): number[] => []);
  for (const [row, slot] of slots.entries()) rows[slot]?.push(row);
  return rows.map((list) => Uint32Array.from(list));
}
