import {
  addDistinct,
  type CategoricalSketch,
  type CategoryProfile,
  createDistinct,
  packDistinct,
} from "@modelfleet/protocol";
import type { ItemView } from "../items/element-reader.ts";
import { isBlank, type TextItems, textBounds } from "../items/text-items.ts";
import { countIn } from "./bin-of.ts";
import { createVocabulary } from "./vocabulary.ts";

/** Counts one category of the open window in memory of fixed size. */
export interface CategoryCounter {
  /** null: the item has no such tensor. */
  readonly add: (opened: CategoryItems | null, item: number) => void;
  /** The counts so far; then everything is zero again. */
  readonly take: () => CategoricalSketch;
}

/** A tensor of numbers or of texts; never both. */
export interface CategoryItems {
  readonly numbers: ItemView | null;
  readonly texts: TextItems | null;
}

/** @param category its reference; shape of the counts is [vocabulary + 1] */
export function createCategoryCounter({ source, vocabulary }: CategoryProfile): CategoryCounter {
  const words = createVocabulary(vocabulary);
  const counts = new Float64Array(vocabulary.length + 1);
  const others = createDistinct();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const index = source.index ?? 0;
  let missing = 0;

  function add(opened: CategoryItems | null, item: number): void {
    if (opened === null) missing += 1;
    else if (opened.texts !== null) addText(opened.texts, item);
    else addNumber(opened.numbers, item);
  }

  function addText(texts: TextItems, item: number): void {
    if (item >= texts.items || index >= texts.size) {
      missing += 1;
      return;
    }
    const [from, to] = textBounds(texts, item * texts.size + index);
    if (isBlank(texts.bytes, from, to)) {
      missing += 1;
      return;
    }
    const word = words.findText(texts.bytes, from, to);
    countIn(counts, word);
    if (word === vocabulary.length) {
      addDistinct(others, decoder.decode(texts.bytes.subarray(from, to)));
    }
  }

  function addNumber(numbers: ItemView | null, item: number): void {
    const value = numbers === null ? Number.NaN : numberAt(numbers, item, index);
    if (Number.isNaN(value)) {
      missing += 1;
      return;
    }
    const word = words.findNumber(value);
    countIn(counts, word);
    if (word === vocabulary.length) addDistinct(others, String(value));
  }

  function take(): CategoricalSketch {
    const sketch = {
      counts: Array.from(counts),
      missing,
      distinctOther: packDistinct(others),
    };
    counts.fill(0);
    others.fill(0);
    missing = 0;
    return sketch;
  }

  return { add, take };
}

/** NaN where there is none. */
function numberAt(numbers: ItemView, item: number, index: number): number {
  if (item >= numbers.items || index >= numbers.size) return Number.NaN;
  return numbers.read(numbers.view, (item * numbers.size + index) * numbers.elementBytes);
}
