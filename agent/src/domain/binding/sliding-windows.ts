import { localBusLimits } from "@modelfleet/protocol";
import { RequestRefused } from "../open-inference/request-refused.ts";
import type { Elements } from "./read-payload.ts";

export interface WindowRules {
  /** Messages in one input. */
  readonly size: number;
  /** The model is asked at every so many messages. */
  readonly every: number;
}

interface Window {
  rows: Elements[];
  sinceAsked: number;
}

/**
 * The last messages of each topic of a binding.
 *
 * 1. A topic's window is full after `size` messages; from then on it is asked for at every `every`th one.
 * 2. A message of another length than those before it begins the window anew.
 * 3. All windows together have at most `windowElementsMax` elements, and there are at most `windowsMax`: the topic that was
 *    silent longest gives way.
 */
export class SlidingWindows {
  readonly #rules: WindowRules;
  /** The topic heard last comes last. */
  readonly #windows = new Map<string, Window>();
  #elements = 0;

  constructor(rules: WindowRules) {
    this.#rules = rules;
  }

  /** @returns the elements of the whole window, oldest message first; undefined when it is not asked for now */
  push(topic: string, row: Elements): Elements | undefined {
    const { size, every } = this.#rules;
    const { windowElementsMax } = localBusLimits;
    if (row.length * size > windowElementsMax) {
      const limit = `expected a window of at most ${windowElementsMax} elements`;
      throw new RequestRefused("TOO_LARGE", `message: ${limit}, got ${size} × ${row.length}`);
    }
    const window = this.#windowOf(topic, row.length);
    window.rows.push(row);
    this.#elements += row.length;
    if (window.rows.length > size) this.#elements -= window.rows.shift()?.length ?? 0;
    this.#giveWay(topic);
    window.sinceAsked += 1;
    if (window.rows.length < size || window.sinceAsked < every) return undefined;
    window.sinceAsked = 0;
    return joined(window.rows);
  }

  /** How many topics have one. */
  count(): number {
    return this.#windows.size;
  }

  #windowOf(topic: string, rowLength: number): Window {
    const known = this.#windows.get(topic);
    const isSame = known !== undefined && known.rows[0]?.length === rowLength;
    if (known !== undefined && !isSame) this.#drop(topic);
    this.#windows.delete(topic);
    // Full for the first time, it is asked for at once.
    const window = isSame ? known : { rows: [], sinceAsked: this.#rules.every };
    this.#windows.set(topic, window);
    return window;
  }

  #giveWay(latest: string): void {
    const { windowsMax, windowElementsMax } = localBusLimits;
    for (const topic of this.#windows.keys()) {
      const isRoom = this.#windows.size <= windowsMax && this.#elements <= windowElementsMax;
      if (isRoom || topic === latest) return;
      this.#drop(topic);
    }
  }

  #drop(topic: string): void {
    const { rows } = this.#windows.get(topic) ?? { rows: [] };
    for (const { length } of rows) this.#elements -= length;
    this.#windows.delete(topic);
  }
}

function joined(rows: readonly Elements[]): Elements {
  const floats = rows.filter((row) => row instanceof Float32Array);
  if (floats.length < rows.length) return rows.flatMap((row) => [...row]);
  const all = new Float32Array(floats.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of floats) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
