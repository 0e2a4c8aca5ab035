import {
  addToQuantiles,
  type BitSource,
  createQuantiles,
  packQuantiles,
  quantileLimits,
} from "@modelfleet/protocol";
import type { NumericCounter } from "./numeric-counter.ts";

/** The same counter, which keeps the quantiles of what it counts too. */
export function withQuantiles(counter: NumericCounter, nextBit: BitSource): NumericCounter {
  let sketch = createQuantiles();

  return {
    addAt: (values, at) => {
      counter.addAt(values, at);
      const value = values[at] ?? Number.NaN;
      // What is no number has no rank; it is counted above.
      if (Math.abs(value) <= quantileLimits.magnitudeMax) addToQuantiles(sketch, value, nextBit);
    },
    addMissing: () => counter.addMissing(),
    take: () => {
      const taken = counter.take();
      const quantiles = packQuantiles(sketch);
      sketch = createQuantiles();
      return quantiles.length === 0 ? taken : { ...taken, quantiles };
    },
  };
}
