import type { OutputProfile, OutputSketch } from "@modelfleet/protocol";
import type { ItemView } from "../items/element-reader.ts";
import { binOf, countIn } from "./bin-of.ts";

/** Counts the answers of one classifying output of the open window. */
export interface OutputCounter {
  /** An item with a NaN, or with another number of values than classes, is counted nowhere. */
  readonly add: (tensor: ItemView, item: number) => void;
  /** The counts so far; then everything is zero again. */
  readonly take: () => OutputSketch;
}

/** @param output its reference: how many classes, and the edges of the confidence */
export function createOutputCounter(output: OutputProfile): OutputCounter {
  const edges = Float64Array.from(output.confidence.edges);
  const classCounts = new Float64Array(output.classes.length);
  const confidenceCounts = new Float64Array(output.confidence.counts.length);

  function add({ view, read, elementBytes, size }: ItemView, item: number): void {
    if (size !== classCounts.length) return;
    const first = item * size * elementBytes;
    let best = 0;
    let confidence = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < size; index++) {
      const value = read(view, first + index * elementBytes);
      if (Number.isNaN(value)) return;
      if (value <= confidence) continue;
      best = index;
      confidence = value;
    }
    countIn(classCounts, best);
    countIn(confidenceCounts, binOf(edges, confidence));
  }

  function take(): OutputSketch {
    const sketch = {
      classCounts: Array.from(classCounts),
      confidenceCounts: Array.from(confidenceCounts),
    };
    classCounts.fill(0);
    confidenceCounts.fill(0);
    return sketch;
  }

  return { add, take };
}
