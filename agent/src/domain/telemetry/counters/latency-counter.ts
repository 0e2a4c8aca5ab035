import {
  halvedBucket,
  type LatencyHistogram,
  latencyBucket,
  latencyRangeUs,
  latencyScaleDefault,
  telemetryLimits,
} from "@modelfleet/protocol";
import { countIn } from "./bin-of.ts";
import { addTo, createSums, totalOf } from "./compensated-sum.ts";

/** Latencies of the open window in at most `latencyBucketsMax` buckets; a wider range makes them coarser. */
export interface LatencyCounter {
  /** Not above 0, or NaN: counted as zero. */
  readonly add: (latencyUs: number) => void;
  /** The histogram so far; then everything is zero again. */
  readonly take: () => LatencyHistogram;
}

const BUCKETS_MAX = telemetryLimits.latencyBucketsMax;

/** Begins each window with buckets of `latencyScaleDefault`. */
export function createLatencyCounter(): LatencyCounter {
  // A ring: fewer buckets than its length are ever in use, so bucket i lives at i modulo length.
  const ring = new Float64Array(BUCKETS_MAX);
  const sums = createSums(1);
  const state = {
    scale: latencyScaleDefault,
    zeroCount: 0,
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
  };

  function add(latencyUs: number): void {
    if (!(latencyUs > 0)) {
      state.zeroCount++;
      return;
    }
    const valueUs = Math.min(Math.max(latencyUs, latencyRangeUs.min), latencyRangeUs.max);
    addTo(sums, 0, valueUs);
    let bucket = latencyBucket(valueUs, state.scale);
    while (widthWith(bucket) > BUCKETS_MAX) {
      coarsen();
      bucket = latencyBucket(valueUs, state.scale);
    }
    state.first = Math.min(state.first, bucket);
    state.last = Math.max(state.last, bucket);
    countIn(ring, placeOf(bucket));
  }

  function widthWith(bucket: number): number {
    return Math.max(state.last, bucket) - Math.min(state.first, bucket) + 1;
  }

  function coarsen(): void {
    const counts = bucketCounts();
    const first = state.first;
    ring.fill(0);
    state.scale--;
    for (const [k, count] of counts.entries()) {
      const place = placeOf(halvedBucket(first + k, 1));
      ring[place] = (ring[place] ?? 0) + count;
    }
    state.first = halvedBucket(first, 1);
    state.last = halvedBucket(state.last, 1);
  }

  function bucketCounts(): number[] {
    const length = Math.max(0, state.last - state.first + 1);
    return Array.from({ length }, (_, k) => ring[placeOf(state.first + k)] ?? 0);
  }

  function take(): LatencyHistogram {
    const counts = bucketCounts();
    const { scale, zeroCount } = state;
    const offset = counts.length === 0 ? 0 : state.first;
    const histogram = { scale, zeroCount, offset, counts, sumUs: totalOf(sums, 0) };
    clear();
    return histogram;
  }

  function clear(): void {
    ring.fill(0);
    sums.fill(0);
    state.scale = latencyScaleDefault;
    state.zeroCount = 0;
    state.first = Number.POSITIVE_INFINITY;
    state.last = Number.NEGATIVE_INFINITY;
  }

  return { add, take };
}

function placeOf(bucket: number): number {
  const place = bucket % BUCKETS_MAX;
  return place < 0 ? place + BUCKETS_MAX : place;
}
