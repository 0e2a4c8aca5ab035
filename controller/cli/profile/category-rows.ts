import { ABSENT } from "../../src/domain/profile/bin-of.ts";
import { type CategoryRows, vocabularyOf } from "../../src/domain/profile/category-reference.ts";
import type { CategoricalUse } from "./column-use.ts";
import { NO_WORD, type WordList } from "./word-list.ts";

/** A column of texts whose frequent words are less than this of all is names or free text. */
const VOCABULARY_SHARE_MIN = 0.5;

/** A category with its vocabulary. @returns null when its words are names or free text, and nobody said otherwise */
export function categoryRows(use: CategoricalUse, list: WordList): CategoryRows | null {
  const words = list.words();
  const counts = countsOf(list, words);
  const vocabulary = use.vocabulary ?? vocabularyOf(counts);
  if (!use.isTold && !isVocabulary(vocabulary, counts, list)) return null;
  const { name, source } = use;
  const { tensor, index } = source;
  return {
    name,
    source: { tensor, ...(index !== undefined && { index }) },
    vocabulary,
    words: wordRows(list, vocabulary, vocabulary.length),
  };
}

/** @param other in place of words that are not in the vocabulary */
export function wordRows(list: WordList, vocabulary: readonly string[], other: number): Uint8Array {
  const places = new Map(vocabulary.map((word, place) => [word, place]));
  const placeOf = list.words().map((word) => places.get(word) ?? other);
  return Uint8Array.from(list.numbers, (number) =>
    number === NO_WORD ? ABSENT : (placeOf[number] ?? other),
  );
}

function countsOf({ numbers }: WordList, words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Float64Array(words.length);
  for (const number of numbers)
    if (number < counts.length) counts[number] = (counts[number] ?? 0) + 1;
  return new Map(words.map((word, number) => [word, counts[number] ?? 0]));
}

function isVocabulary(
  vocabulary: readonly string[],
  counts: ReadonlyMap<string, number>,
  list: WordList,
): boolean {
  const filled = list.numbers.reduce((sum, number) => sum + (number === NO_WORD ? 0 : 1), 0);
  const covered = vocabulary.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0);
  return covered >= VOCABULARY_SHARE_MIN * filled;
}
