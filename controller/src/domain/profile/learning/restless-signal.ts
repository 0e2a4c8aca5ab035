import { type LearnedFrom, psi, type ReferenceProfile } from "@modelfleet/protocol";
import { signalCounts } from "../../drift/distribution/signal-counts.ts";
import type { Signal } from "../../drift/signal.ts";
import { signalsOf } from "../../drift/signals-of.ts";
import { total } from "../../telemetry/total.ts";
import { binOf, countBins } from "../bin-of.ts";
import type { LearnedCell } from "./learned-cell.ts";

type Restless = NonNullable<LearnedFrom["restless"]>;

/**
 * Which signal moved most between the very windows that are taken for normal: what a person should look at before saying
 * so. Too few windows for a threshold, enough for a question.
 *
 * @param learning its profile, whose features are in the order of the windows
 * @returns undefined when no window has enough items
 */
export function restlessSignal(
  learnt: ReferenceProfile,
  learning: ReferenceProfile,
  cells: readonly LearnedCell[],
): Restless | undefined {
  let most: Restless | undefined;
  for (const signal of signalsOf(learnt)) {
    const at = placeIn(learning, signal);
    for (const cell of cells) {
      const counts = countsOf(cell, { ...signal, index: at });
      if (counts === null) continue;
      const moved = psi(signal.reference, counts);
      if (most === undefined || moved > most.psi) most = { signal: signal.id, psi: moved };
    }
  }
  return most;
}

/** What could not be learnt is left out, so the place of the others is another one. */
function placeIn(learning: ReferenceProfile, { id, kind }: Signal): number {
  const named = (prefix: string, parts: readonly { readonly name: string }[], ending = "") =>
    parts.findIndex(({ name }) => `${prefix}:${name}${ending}` === id);
  switch (kind) {
    case "feature":
      return named("feature", learning.features);
    case "category":
      return named("category", learning.categories ?? []);
    case "classes":
    case "confidence":
      return named("output", learning.outputs, `:${kind}`);
  }
}

function countsOf({ merged, ranked }: LearnedCell, signal: Signal): readonly number[] | null {
  if (signal.kind !== "feature") {
    const counts = signalCounts(signal, merged) ?? [];
    return total(counts) < signal.samplesMin ? null : counts;
  }
  const values = ranked[signal.index];
  const counted = total(merged.features[signal.index]?.counts ?? []);
  if (values === undefined || counted < signal.samplesMin) return null;
  // The outermost edges are the bounds, and nothing lies outside.
  const edges = signal.edges.slice(1, -1);
  const bins = Uint8Array.from(values, (value) => binOf(edges, value));
  return [0, ...countBins(bins, edges.length + 1), 0];
}
