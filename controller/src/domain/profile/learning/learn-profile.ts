import {
  type CategoryProfile,
  type LearnedFrom,
  learningLimits,
  type NotLearned,
  type OutputProfile,
  type OutputSketch,
  type QuantileSketch,
  ReferenceProfile,
} from "@modelfleet/protocol";
import type { LabelCounts } from "../../telemetry/label-counts.ts";
import { mergeTelemetry } from "../../telemetry/merge-windows.ts";
import type { MergedCategory } from "../../telemetry/merged-telemetry.ts";
import { total } from "../../telemetry/total.ts";
import { finenessOf } from "../make-profile.ts";
import { learnFeature } from "./learn-feature.ts";
import type { LearnedCell } from "./learned-cell.ts";
import { restlessSignal } from "./restless-signal.ts";

/** What a cohort measured under a learning profile. */
export interface LearnedWindows {
  readonly origin: Omit<LearnedFrom, "restless" | "confirmed">;
  /** At least one. */
  readonly cells: readonly LearnedCell[];
  /** Of all cells, by the index of the feature. */
  readonly quantiles: readonly (QuantileSketch | undefined)[];
  /** Labels that came for answers of the release, by output. */
  readonly labels: readonly LabelCounts[];
}

export interface LearnedProfile {
  /** Provisional: nobody has looked at it. */
  readonly profile: ReferenceProfile;
  readonly leftOut: readonly NotLearned[];
}

/**
 * A reference out of what devices measured without one (telemetry.md 2.1). Classes, confidence and words are counted exactly,
 * numbers within the error of their quantiles. What only labels or far more windows could tell is not in it: how often answers
 * of a confidence are right, thresholds, seasons, words that nobody named.
 *
 * @returns null when nothing could be learnt
 */
export function learnProfile(
  learning: ReferenceProfile,
  windows: LearnedWindows,
): LearnedProfile | null {
  const merged = mergeTelemetry(windows.cells.map((cell) => cell.merged));
  const { binsMax } = finenessOf(merged.items / windows.cells.length);
  const features = learning.features.map((feature, at) =>
    learnFeature(feature, {
      ...{ merged: merged.features[at], quantiles: windows.quantiles[at] },
      ...{ items: merged.items, binsMax },
    }),
  );
  const categories = (learning.categories ?? []).map((category, at) =>
    learnCategory(category, merged.categories[at], merged.items),
  );
  const outputs = learning.outputs.map((output, at) =>
    learnOutput(output, {
      counted: merged.outputs[at],
      labels: windows.labels.find((counts) => counts.output === at),
    }),
  );
  const leftOut = [
    ...notLearned(learning.features, features),
    ...notLearned(learning.categories ?? [], categories),
    ...notLearned(learning.outputs, outputs),
  ];
  const learnt = {
    ...{ spec: 1 as const, samples: merged.items },
    ...{ features: present(features), outputs: present(outputs) },
    ...(present(categories).length > 0 && { categories: present(categories) }),
  };
  if (learnt.features.length + learnt.outputs.length + present(categories).length === 0) {
    return null;
  }
  const restless = restlessSignal(learnt, learning, windows.cells);
  const learned = { ...windows.origin, ...(restless && { restless }) };
  return { profile: ReferenceProfile.parse({ ...learnt, provisional: true, learned }), leftOut };
}

function learnCategory(
  { name, source, vocabulary }: CategoryProfile,
  counted: MergedCategory | undefined,
  items: number,
): CategoryProfile | string {
  if (counted === undefined || total(counted.counts) === 0) return "no item has a word";
  const counts = [...counted.counts];
  return { name, source, vocabulary, counts, missingShare: counted.missing / items };
}

interface MeasuredOutput {
  readonly counted: OutputSketch | undefined;
  readonly labels: LabelCounts | undefined;
}

function learnOutput(
  output: OutputProfile,
  { counted, labels }: MeasuredOutput,
): OutputProfile | string {
  if (counted === undefined || total(counted.classCounts) === 0) return "no item has an answer";
  const { labelled = 0, errors = 0 } = labels ?? {};
  return {
    ...output,
    counts: [...counted.classCounts],
    confidence: { edges: output.confidence.edges, counts: [...counted.confidenceCounts] },
    ...(labelled >= learningLimits.labelsMin && { errorShare: errors / labelled }),
  };
}

function notLearned(
  parts: readonly { readonly name: string }[],
  learnt: readonly unknown[],
): readonly NotLearned[] {
  return parts.flatMap(({ name }, at) => {
    const why = learnt[at];
    return typeof why === "string" ? [{ name, why }] : [];
  });
}

function present<T extends object>(learnt: readonly (T | string)[]): T[] {
  return learnt.filter((each) => typeof each !== "string");
}
