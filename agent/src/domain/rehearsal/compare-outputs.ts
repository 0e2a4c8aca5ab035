import { measureLimits } from "@modelfleet/protocol";
import { spreadOver } from "../serving/spread.ts";
import type { Tensor } from "../tensor.ts";
import { viewTensor } from "../tensor-view.ts";

/** What two releases answered to the same request. */
export interface OutputsCompared {
  /** Outputs that both gave; of 0, nothing is known. */
  readonly outputs: number;
  readonly agrees: boolean;
  /** Largest |difference| of two finite numbers. */
  readonly maxDelta: number;
  /** A NaN or an infinity where the live answer is finite. */
  readonly isNonFinite: boolean;
}

export interface CompareOptions {
  /** Outputs whose largest value is what counts, as the golden cases of the release say. */
  readonly ranked: ReadonlySet<string>;
  /** Of a large output only a part is compared, another one at each turn. */
  readonly turn: number;
}

/** The default tolerance of golden cases (agent.md 4). */
const tolerance = { atol: 1e-4, rtol: 1e-3 };

/**
 * Compares a shadow's answer with the live one, by the outputs that both have.
 *
 * Where an output tells classes apart (ranked, or each live row is a distribution: within [0, 1] and of sum 1), the same
 * class in each row agrees; elsewhere every number within the default tolerance, and every text being the same.
 */
export function compareOutputs(
  live: readonly Tensor[],
  shadow: readonly Tensor[],
  options: CompareOptions,
): OutputsCompared {
  const pairs = live.flatMap((tensor) => {
    const other = shadow.find(({ name }) => name === tensor.name);
    return other === undefined ? [] : [{ live: tensor, shadow: other }];
  });
  const compared = pairs.map((pair) => comparePair(pair, options));
  return {
    outputs: compared.length,
    agrees: compared.every(({ agrees }) => agrees),
    maxDelta: Math.max(0, ...compared.map(({ maxDelta }) => maxDelta)),
    isNonFinite: compared.some(({ isNonFinite }) => isNonFinite),
  };
}

interface Pair {
  readonly live: Tensor;
  readonly shadow: Tensor;
}

type PairCompared = Omit<OutputsCompared, "outputs">;

function comparePair({ live, shadow }: Pair, options: CompareOptions): PairCompared {
  const [ours, theirs] = [viewTensor(live), viewTensor(shadow)];
  const isSameForm = live.dtype === shadow.dtype && live.shape.join() === shadow.shape.join();
  if (!isSameForm) return { agrees: false, maxDelta: 0, isNonFinite: false };
  if (ours.kind === "text" || theirs.kind === "text") {
    return { agrees: sameBytes(live.bytes, shadow.bytes), maxDelta: 0, isNonFinite: false };
  }
  const width = live.shape.at(-1) ?? 1;
  const rows = { live: ours.values, shadow: theirs.values, width };
  const part = partOf(rows, options.turn);
  const difference = differenceIn(rows, part);
  const isFloat = live.dtype.startsWith("float") && width > 1;
  const tellsClasses = isFloat && (options.ranked.has(live.name) || isDistribution(rows, part));
  if (!tellsClasses) return difference;
  return { ...difference, agrees: !difference.isNonFinite && sameClasses(rows, part) };
}

type Numbers = ArrayLike<number> | ArrayLike<bigint>;

interface Rows {
  readonly live: Numbers;
  readonly shadow: Numbers;
  readonly width: number;
}

/** From the first element of a row to the end of another. */
interface Part {
  readonly from: number;
  readonly to: number;
}

function partOf({ live, width }: Rows, turn: number): Part {
  const rowElements = Math.max(1, width);
  const room = Math.max(1, Math.floor(measureLimits.elementsMax / rowElements)) * rowElements;
  const parts = Math.max(1, Math.ceil(live.length / room));
  const from = spreadOver(parts, turn) * room;
  return { from, to: Math.min(live.length, from + room) };
}

function differenceIn({ live, shadow }: Rows, { from, to }: Part): PairCompared {
  const found = { agrees: true, maxDelta: 0, isNonFinite: false };
  for (let i = from; i < to; i++) {
    const [ours, theirs] = [Number(live[i]), Number(shadow[i])];
    const delta = Math.abs(theirs - ours);
    const isNumber = Number.isFinite(delta);
    if (isNumber) found.maxDelta = Math.max(found.maxDelta, delta);
    if (isNumber && delta <= tolerance.atol + tolerance.rtol * Math.abs(ours)) continue;
    // Both NaN, or the same infinity.
    if (Object.is(ours, theirs)) continue;
    found.agrees = false;
    found.isNonFinite ||= Number.isFinite(ours) && !Number.isFinite(theirs);
  }
  return found;
}

const SUM_TOLERANCE = 1e-3;

function isDistribution({ live, width }: Rows, { from, to }: Part): boolean {
  for (let first = from; first < to; first += width) {
    let sum = 0;
    for (let i = first; i < first + width; i++) {
      const chance = Number(live[i]);
      if (!(chance >= 0 && chance <= 1)) return false;
      sum += chance;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) return false;
  }
  return true;
}

function sameClasses({ live, shadow, width }: Rows, { from, to }: Part): boolean {
  for (let first = from; first < to; first += width) {
    if (largestIn(live, first, width) !== largestIn(shadow, first, width)) return false;
  }
  return true;
}

/** Index of the first of the largest. */
function largestIn(values: Numbers, first: number, width: number): number {
  let best = first;
  for (let i = first + 1; i < first + width; i++) {
    if (Number(values[i]) > Number(values[best])) best = i;
  }
  return best;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
