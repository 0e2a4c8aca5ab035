/**
 * KLL: every quantile of a stream of numbers, within a known error of rank and in memory that hardly grows.
 *
 * 1. Level i holds values that stand for 2^i each; level 0 takes them in. All levels but 0 are sorted.
 * 2. The top level has room for k values, each one below for two thirds of that, and none for fewer than 8.
 * 3. Only when all levels together are full, the lowest that has used its own room is compacted: every second value of it,
 *    from the first or the second by a random bit, goes one level up. A value without a partner stays.
 * 4. A level uses each random bit twice, the second time turned round, so that two compactions in a row err in opposite ways.
 *
 * So `count` is the sum of size · 2^i, always exactly. With k = 200 the rank of no value is off by more than 1.33 % of
 * the count in 99 of 100 sketches, however they were merged. Which values stay is random: merged in another order the
 * sketch has the same count and the same error, but not the same bytes.
 *
 * @see Karnin, Lang and Liberty 2016, Optimal quantile approximation in streams; rule 4: Ivkin et al. 2019, Streaming
 *   quantiles algorithms with small space and update time
 */
export interface QuantileSketch {
  readonly k: number;
  readonly levels: QuantileLevel[];
  /** Values taken in. */
  count: number;
  /** Values held, and how many may be. */
  held: number;
  room: number;
}

/** Values that stand for equally many each: the first `size` of `values`. */
export interface QuantileLevel {
  values: Float32Array;
  size: number;
  /** The random bit that is to be used once more; null when there is none. */
  used: number | null;
}

/** 0 or 1, each with one half, whatever came before. */
export type BitSource = () => number;

/**
 * `levelsMax`: beyond, a count would not be a safe integer. `magnitudeMax`: of float32. `packedBytesMax`: of 10^9 values with k.
 * `featuresMax`: of one profile, so that a window with all of them still takes a third of a message.
 */
export const quantileLimits = {
  k: 200,
  kMin: 8,
  kMax: 4_096,
  levelRoomMin: 8,
  levelsMax: 53,
  packedBytesMax: 3_072,
  featuresMax: 4,
  magnitudeMax: 3.4028234663852886e38,
} as const;

// Above, a call of the platform's sort costs less than sorting by insertion.
const INSERTED_MAX = 24;
const SHARES = Float64Array.from({ length: quantileLimits.levelsMax + 1 }, (_, i) => (2 / 3) ** i);

/**
 * Of nothing.
 *
 * @throws RangeError when k is none of `quantileLimits`
 */
export function createQuantiles(k: number = quantileLimits.k): QuantileSketch {
  const { kMin, kMax } = quantileLimits;
  if (!(Number.isInteger(k) && k >= kMin && k <= kMax)) {
    throw new RangeError(`expected a whole k of ${kMin} to ${kMax}, got ${k}`);
  }
  const sketch = { k, levels: [], count: 0, held: 0, room: 0 };
  addLevel(sketch);
  return sketch;
}

/**
 * Takes in one value, as float32.
 *
 * @throws RangeError for what float32 cannot hold: such a value has no rank, and is counted elsewhere
 */
export function addToQuantiles(sketch: QuantileSketch, value: number, nextBit: BitSource): void {
  if (!(Math.abs(value) <= quantileLimits.magnitudeMax)) {
    throw new RangeError(`expected a number that float32 can hold, got ${value}`);
  }
  checkCount(sketch.count + 1);
  if (sketch.held >= sketch.room) compact(sketch, nextBit);
  const level = levelAt(sketch, 0);
  reserve(level, level.size + 1);
  // One zero only, so that equal sketches are equal bytes.
  level.values[level.size] = Math.fround(value) + 0;
  level.size += 1;
  sketch.held += 1;
  sketch.count += 1;
}

/**
 * What `other` has seen goes into `into` too. Into a larger k the error of each sketch comes along and hardly any is added:
 * errors of many sketches are independent, so that of their sum is smaller than that of each.
 *
 * @throws RangeError when the k of `into` is the smaller one, they are one, or the count would not be a safe integer
 */
export function mergeQuantiles(
  into: QuantileSketch,
  other: QuantileSketch,
  nextBit: BitSource,
): void {
  if (into.k < other.k) throw new RangeError(`expected k ${into.k}, got ${other.k}`);
  if (into === other) throw new RangeError("expected two sketches, got one twice");
  checkCount(into.count + other.count);
  while (into.levels.length < other.levels.length) addLevel(into);
  for (const [i, { values, size }] of other.levels.entries()) {
    const level = levelAt(into, i);
    if (i === 0) append(level, values.subarray(0, size));
    else mergeSorted(level, { values, from: 0, step: 1, size });
  }
  into.count += other.count;
  into.held += other.held;
  while (into.held > into.room) compact(into, nextBit);
}

/** Values that so many levels may hold together. */
export function roomOf(k: number, levels: number): number {
  let room = 0;
  for (let depth = 0; depth < levels; depth += 1) room += levelRoom(k, depth);
  return room;
}

/** @param depth levels above it */
function levelRoom(k: number, depth: number): number {
  return Math.max(quantileLimits.levelRoomMin, Math.ceil(k * (SHARES[depth] ?? 0)));
}

function addLevel(sketch: QuantileSketch): void {
  sketch.levels.push({
    values: new Float32Array(quantileLimits.levelRoomMin),
    size: 0,
    used: null,
  });
  sketch.room = roomOf(sketch.k, sketch.levels.length);
}

/** When all are full together, one has used its own room: half of the lowest such goes one up, twice as heavy. */
function compact(sketch: QuantileSketch, nextBit: BitSource): void {
  const full = lowestFull(sketch);
  const level = levelAt(sketch, full);
  if (full === sketch.levels.length - 1) addLevel(sketch);
  if (full === 0) sort(level);
  const stays = level.size % 2;
  const size = (level.size - stays) / 2;
  const from = stays + halfOf(level, nextBit);
  mergeSorted(levelAt(sketch, full + 1), { values: level.values, from, step: 2, size });
  level.size = stays;
  sketch.held -= size;
}

function lowestFull({ k, levels }: QuantileSketch): number {
  const top = levels.length - 1;
  let at = 0;
  for (const { size } of levels) {
    if (size >= levelRoom(k, top - at)) return at;
    at += 1;
  }
  return top;
}

function halfOf(level: QuantileLevel, nextBit: BitSource): number {
  if (level.used === null) {
    level.used = nextBit() & 1;
    return level.used;
  }
  const turned = 1 - level.used;
  level.used = null;
  return turned;
}

function sort({ values, size }: QuantileLevel): void {
  if (size > INSERTED_MAX) {
    values.subarray(0, size).sort();
    return;
  }
  for (let i = 1; i < size; i += 1) {
    const value = values[i] ?? 0;
    let at = i;
    for (; at > 0 && (values[at - 1] ?? 0) > value; at -= 1) values[at] = values[at - 1] ?? 0;
    values[at] = value;
  }
}

/** `size` sorted values: those at `from`, `from + step` and so on. */
interface SortedValues {
  readonly values: Float32Array;
  readonly from: number;
  readonly step: number;
  readonly size: number;
}

/** From the largest down, so that nothing is overwritten before it has moved. */
function mergeSorted(level: QuantileLevel, { values, from, step, size }: SortedValues): void {
  reserve(level, level.size + size);
  const into = level.values;
  let own = level.size - 1;
  let rest = size - 1;
  for (let at = level.size + size - 1; rest >= 0; at -= 1) {
    const value = values[from + step * rest] ?? 0;
    const held = into[own] ?? 0;
    const isOwn = own >= 0 && held > value;
    into[at] = isOwn ? held : value;
    if (isOwn) own -= 1;
    else rest -= 1;
  }
  level.size += size;
}

function append(level: QuantileLevel, values: Float32Array): void {
  reserve(level, level.size + values.length);
  level.values.set(values, level.size);
  level.size += values.length;
}

function reserve(level: QuantileLevel, size: number): void {
  if (size <= level.values.length) return;
  const grown = new Float32Array(Math.max(size, 2 * level.values.length));
  grown.set(level.values);
  level.values = grown;
}

function levelAt({ levels }: QuantileSketch, i: number): QuantileLevel {
  const level = levels[i];
  if (level === undefined)
    throw new RangeError(`expected one of ${levels.length} levels, got ${i}`);
  return level;
}

function checkCount(count: number): void {
  if (Number.isSafeInteger(count)) return;
  throw new RangeError(`expected a count below 2^53, got ${count}`);
}
