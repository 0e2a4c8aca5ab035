import {
  digest8,
  quantileLimits,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { emptySketch, emptyWindow, profileDigest } from "./windows.ts";

const { binsMax, categoriesMax, classesMax, featuresMax, outputsMax } = telemetryLimits;

/** Every list as long as may be, the items evenly over it. */
export function fullWindow(items: number): TelemetryWindow {
  const evenly = (length: number) => new Array<number>(length).fill(Math.floor(items / length));
  const longest = new Uint8Array(quantileLimits.packedBytesMax);
  return {
    ...emptyWindow,
    ...{ profile: digest8(profileDigest), items },
    features: Array.from({ length: featuresMax }, (_, i) => ({
      ...emptySketch,
      counts: evenly(binsMax + 2),
      ...{ sum: 0.1, sumOfSquares: 0.1, min: -1, max: 1 },
      ...(i < quantileLimits.featuresMax && { quantiles: longest }),
    })),
    outputs: Array.from({ length: outputsMax }, () => ({
      classCounts: evenly(classesMax),
      confidenceCounts: evenly(binsMax),
    })),
    categories: Array.from({ length: categoriesMax }, () => ({
      ...{ counts: evenly(telemetryLimits.vocabularyMax + 1), missing: 0 },
      distinctOther: new Uint8Array(48),
    })),
  };
}
