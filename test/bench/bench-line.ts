/** One figure of one acceptance scenario (docs: agent.md 8), ours beside a bare baseline of the same run. */
export interface BenchLine {
  /** Number of the scenario it belongs to. */
  readonly scenario: number;
  /** What was measured, in a few words, with its unit: `worst request during a swap, ms`. */
  readonly what: string;
  readonly ours: number;
  /** The same with the bare runtime, a peer, or without the part under test; null where there is nothing to compare with. */
  readonly bare: number | null;
  /** What it must hold, in words: `≤ 2 × worst steady + 10`. */
  readonly limit: string;
  readonly holds: boolean;
}

/** One part of the bench; it may take minutes and cleans up after itself. */
export interface BenchPart {
  /** As given to `npm run bench -- --only`. */
  readonly name: string;
  readonly run: (progress: (text: string) => void) => Promise<readonly BenchLine[]>;
}
