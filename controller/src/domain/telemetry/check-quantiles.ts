import {
  type FeatureProfile,
  hasQuantiles,
  type NumericSketch,
  rankTable,
  unpackQuantiles,
} from "@modelfleet/protocol";
import { total } from "./total.ts";
import { contradiction, type RefusedWindow } from "./window-verdict.ts";

/** What in the quantiles of a feature contradicts its profile or its own counts and bounds. */
export function quantilesRefusal(
  { quantiles, counts, min, max }: NumericSketch,
  feature: FeatureProfile,
  place: string,
): RefusedWindow | undefined {
  if (quantiles === undefined) return undefined;
  const name = `${place}.quantiles`;
  if (!hasQuantiles(feature)) return contradiction(name, "none by the profile", quantiles.length);
  // They are values themselves (protocol.md 6.10).
  if (min === null || max === null) return contradiction(name, "none", quantiles.length);
  const sketch = unpackQuantiles(quantiles);
  if (sketch === undefined) return contradiction(name, "a KLL sketch", quantiles.length);
  const counted = total(counts);
  if (sketch.count !== counted) return contradiction(`${name}: count`, counted, sketch.count);
  const { values } = rankTable(sketch);
  const [least = min, most = max] = [values[0], values.at(-1)];
  if (least < min) return contradiction(`${name}: least`, `at least ${min}`, least);
  return most > max ? contradiction(`${name}: most`, `at most ${max}`, most) : undefined;
}
