import { profileLimits } from "@modelfleet/protocol";

/** In place of a word: none there; and one that is not told apart. */
export const NO_WORD = 0xffff_ffff;
export const OTHER_WORD = 0xffff_fffe;

/** The words of one column, by number, row by row. */
export interface WordList {
  readonly add: (row: number, word: string | null) => void;
  /** Number of each row's word; shape [rows]. */
  readonly numbers: Uint32Array;
  /** Each word once, in the order of its number. */
  readonly words: () => readonly string[];
  /** Whether there were more words than are told apart. */
  readonly isFull: () => boolean;
}

/** @param fixed the only words there are; undefined: as they come */
export function createWordList(rows: number, fixed?: readonly string[]): WordList {
  const numbers = new Uint32Array(rows).fill(NO_WORD);
  const known = new Map((fixed ?? []).map((word, number) => [word, number]));
  let isFull = false;

  function numberOf(word: string): number {
    const number = known.get(word);
    if (number !== undefined) return number;
    if (fixed !== undefined) return OTHER_WORD;
    isFull ||= known.size >= profileLimits.wordsCountedMax;
    if (isFull) return OTHER_WORD;
    known.set(word, known.size);
    return known.size - 1;
  }

  return {
    numbers,
    add: (row, word) => {
      if (word !== null) numbers[row] = numberOf(word);
    },
    words: () => [...known.keys()],
    isFull: () => isFull,
  };
}
