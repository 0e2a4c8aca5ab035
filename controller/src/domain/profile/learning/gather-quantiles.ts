import {
  createQuantiles,
  learningLimits,
  mergeQuantiles,
  type QuantileSketch,
  type TelemetryWindow,
  unpackQuantiles,
} from "@modelfleet/protocol";
import { seededWords } from "../../drift/calibration/seeded-words.ts";

/** Quantiles of each feature over the windows of one cell; by the index of the feature, undefined where none has any. */
export type Quantiles = readonly (QuantileSketch | undefined)[];

/** Adds up quantiles by cell and over all cells. Same windows in the same order, same values. */
export interface QuantileGatherer {
  readonly add: (window: TelemetryWindow) => void;
  /** Those of the cell so far; then the next one begins. */
  readonly endCell: () => Quantiles;
  readonly all: () => Quantiles;
}

const SEED = 2016;

/** Into sketches much finer than those that come, so that next to nothing is lost in adding up. */
export function gatherQuantiles(): QuantileGatherer {
  const nextWord = seededWords(SEED);
  const nextBit = () => nextWord() & 1;
  const all: (QuantileSketch | undefined)[] = [];
  let cell: (QuantileSketch | undefined)[] = [];

  function addTo(sums: (QuantileSketch | undefined)[], at: number, sketch: QuantileSketch): void {
    const into = sums[at] ?? createQuantiles(learningLimits.sketchK);
    mergeQuantiles(into, sketch, nextBit);
    sums[at] = into;
  }

  function add(window: TelemetryWindow): void {
    for (const [at, { quantiles }] of window.features.entries()) {
      const sketch = quantiles === undefined ? undefined : unpackQuantiles(quantiles);
      if (sketch !== undefined && sketch.count > 0) addTo(cell, at, sketch);
    }
  }

  function endCell(): Quantiles {
    const ended = cell;
    cell = [];
    for (const [at, sketch] of ended.entries()) {
      if (sketch !== undefined) addTo(all, at, sketch);
    }
    return ended;
  }

  return { add, endCell, all: () => all };
}
