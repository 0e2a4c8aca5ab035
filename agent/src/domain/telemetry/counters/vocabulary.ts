/** The words of a category, found by the bytes of a text or by a number, without a string being made. */
export interface Vocabulary {
  /** @returns the word's index, or the number of words for any other */
  readonly findText: (bytes: Uint8Array, from: number, to: number) => number;
  /** A number is the word that says it: 3 is "3". Of a boolean tensor, 1 is "true" too. */
  readonly findNumber: (value: number) => number;
}

interface Word {
  readonly bytes: Uint8Array;
  readonly index: number;
}

/** @param words each once */
export function createVocabulary(words: readonly string[]): Vocabulary {
  const byHash = new Map<number, Word[]>();
  for (const [index, word] of words.entries()) {
    const bytes = new TextEncoder().encode(word);
    const hash = hashOf(bytes, 0, bytes.length);
    byHash.set(hash, [...(byHash.get(hash) ?? []), { bytes, index }]);
  }
  const byNumber = numbersOf(words);

  function findText(bytes: Uint8Array, from: number, to: number): number {
    for (const word of byHash.get(hashOf(bytes, from, to)) ?? []) {
      if (isEqual(word.bytes, bytes, from, to)) return word.index;
    }
    return words.length;
  }

  return { findText, findNumber: (value) => byNumber.get(value) ?? words.length };
}

/** Also as a float32 tensor holds them: 0.1 is not the nearest to 0.1 there. */
function numbersOf(words: readonly string[]): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  const add = (value: number, index: number) => {
    if (!numbers.has(value)) numbers.set(value, index);
  };
  const isNumber = (word: string) => word.trim() !== "" && Number.isFinite(Number(word));
  for (const [index, word] of words.entries()) if (isNumber(word)) add(Number(word), index);
  for (const [index, word] of words.entries()) {
    if (isNumber(word)) add(Math.fround(Number(word)), index);
    else if (word === "true" || word === "false") add(word === "true" ? 1 : 0, index);
  }
  return numbers;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c_9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193);
  return hash;
}

function isEqual(word: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let i = 0; i < word.length; i += 1) if (word[i] !== bytes[from + i]) return false;
  return true;
}
