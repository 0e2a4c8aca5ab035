import { type CategoryProfile, profileLimits, telemetryLimits } from "@modelfleet/protocol";
import { ABSENT, type BinnedRows, countBins } from "./bin-of.ts";

/** One categorical feature of every row of the reference. */
export interface CategoryRows {
  readonly name: string;
  readonly source: CategoryProfile["source"];
  readonly vocabulary: readonly string[];
  /** Index into the vocabulary, its length for other words, ABSENT for none; shape [rows]. */
  readonly words: Uint8Array;
}

/** A category's reference, and where each row fell. */
export interface CategoryReference {
  readonly profile: CategoryProfile;
  readonly binned: BinnedRows;
}

/** Counts of one categorical feature. @returns null when no row has a word */
export function categoryReference(rows: CategoryRows): CategoryReference | null {
  const { name, source, vocabulary, words } = rows;
  const counts = countBins(words, vocabulary.length + 1);
  const missing = words.reduce((sum, word) => sum + (word === ABSENT ? 1 : 0), 0);
  if (missing === words.length) return null;
  const missingShare = missing / words.length;
  return {
    profile: { name, source, vocabulary: [...vocabulary], counts, missingShare },
    binned: { bins: words, size: counts.length },
  };
}

/**
 * What a reference tells apart: the most frequent words, as many as there is room for; of equally frequent ones those
 * that sort first. A word too long for a profile counts as other.
 *
 * @param counts of every word
 * @returns sorted: numbers by value when all are, else by code units
 */
export function vocabularyOf(counts: ReadonlyMap<string, number>): string[] {
  const fitting = [...counts].filter(([word]) => word.length <= profileLimits.wordLengthMax);
  const frequent = fitting
    .sort(([left, many], [right, more]) => more - many || (left < right ? -1 : 1))
    .slice(0, telemetryLimits.vocabularyMax)
    .map(([word]) => word);
  return sortedWords(frequent);
}

/** Numbers by value when all are numbers, else by code units, as NumPy's `unique` does with either. */
export function sortedWords(words: readonly string[]): string[] {
  const isNumeric = words.every((word) => word.trim() !== "" && Number.isFinite(Number(word)));
  if (isNumeric) return words.toSorted((left, right) => Number(left) - Number(right));
  return words.toSorted((left, right) => (left < right ? -1 : 1));
}
