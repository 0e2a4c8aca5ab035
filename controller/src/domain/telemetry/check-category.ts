import { type CategoricalSketch, type CategoryProfile, unpackDistinct } from "@modelfleet/protocol";
import { countsRefusal, type Expected } from "./check-counts.ts";
import { contradiction, lengthRefusal, type RefusedWindow } from "./window-verdict.ts";

/** What in the sketch of a category contradicts its profile, the number of items or itself. */
export function categoryRefusal(
  sketch: CategoricalSketch,
  profile: CategoryProfile | undefined,
  expected: Expected,
): RefusedWindow | undefined {
  const { place } = expected;
  return (
    lengthRefusal(`${place}.counts`, sketch.counts, profile?.counts ?? []) ??
    countsRefusal([...sketch.counts, sketch.missing], {
      ...expected,
      place: `${place}.counts + missing`,
    }) ??
    distinctRefusal(sketch, expected)
  );
}

function distinctRefusal(
  { counts, distinctOther }: CategoricalSketch,
  { epsilon, place }: Expected,
): RefusedWindow | undefined {
  if (distinctOther.length === 0) return undefined;
  const name = `${place}.distinctOther`;
  // A sketch of what is different cannot be noised.
  if (epsilon !== null) return contradiction(name, "none beside noise", distinctOther.length);
  const others = counts.at(-1) ?? 0;
  const registers = unpackDistinct(distinctOther);
  if (registers === undefined) return contradiction(name, "registers", distinctOther.length);
  const filled = registers.filter((rank) => rank > 0).length;
  if (filled > 0 && filled <= others) return undefined;
  return contradiction(`${name}: registers`, `1 to ${others}`, filled);
}
