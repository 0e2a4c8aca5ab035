/** Labels that came for the answers of one output. */
export interface LabelCounts {
  /** Index into the outputs of the release's profile. */
  readonly output: number;
  readonly labelled: number;
  /** Answers of another class than their label. */
  readonly errors: number;
}

/** One entry an output, in their order; any grouping gives the same. */
export function mergeLabels(parts: readonly LabelCounts[]): readonly LabelCounts[] {
  const sums = new Map<number, LabelCounts>();
  for (const { output, labelled, errors } of parts) {
    const sum = sums.get(output) ?? { output, labelled: 0, errors: 0 };
    sums.set(output, {
      output,
      labelled: sum.labelled + labelled,
      errors: sum.errors + errors,
    });
  }
  return [...sums.values()].sort((left, right) => left.output - right.output);
}
