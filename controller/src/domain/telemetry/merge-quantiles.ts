import {
  type BitSource,
  createQuantiles,
  type DeviceId,
  mergeQuantiles,
  type QuantileSketch,
  type TelemetryWindow,
  unpackQuantiles,
} from "@modelfleet/protocol";
import { seededWords } from "../drift/calibration/seeded-words.ts";

/** A window and whose it is. */
export interface DeviceWindow {
  readonly device: DeviceId;
  readonly window: TelemetryWindow;
}

const SEED = 2016;

/** Quantiles of each feature over the windows that were added, page after page. */
export interface QuantileSum {
  readonly add: (windows: readonly DeviceWindow[]) => void;
  /** By the index of the feature; undefined where no window has any. */
  readonly merged: () => readonly (QuantileSketch | undefined)[];
}

/**
 * The quantiles of each feature over all windows that have any. Counts add up exactly in any order (`mergeWindows`),
 * these do not: which values stay depends on the order and on random bits. So both are fixed here, by device and start
 * and by a seed, and the same windows give the same quantiles. They are merged from the windows each time and not kept
 * with the sums, which stay exact. The same pages in the same order, that is; a page alone is in its own.
 */
export function quantileSum(): QuantileSum {
  const nextWord = seededWords(SEED);
  const nextBit = () => nextWord() & 1;
  const merged: (QuantileSketch | undefined)[] = [];
  const add = (windows: readonly DeviceWindow[]) => {
    for (const { window } of windows.toSorted(byDeviceAndStart)) {
      for (const [i, { quantiles }] of window.features.entries()) {
        if (quantiles !== undefined) merged[i] = together(merged[i], quantiles, nextBit);
      }
    }
  };
  return { add, merged: () => merged };
}

function together(
  sum: QuantileSketch | undefined,
  quantiles: Uint8Array,
  nextBit: BitSource,
): QuantileSketch | undefined {
  const sketch = unpackQuantiles(quantiles);
  if (sketch === undefined) return sum;
  const into = sum ?? createQuantiles();
  mergeQuantiles(into, sketch, nextBit);
  return into;
}

/** Of one device and start there is one window a slot. */
function byDeviceAndStart(left: DeviceWindow, right: DeviceWindow): number {
  if (left.device !== right.device) return left.device < right.device ? -1 : 1;
  const later = left.window.startMs - right.window.startMs;
  if (later !== 0) return later;
  return left.window.slot < right.window.slot ? -1 : 1;
}
