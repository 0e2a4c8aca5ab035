/** What became of the requests of one slot since the agent's start, and how many wait now. */
export interface ServingCounts {
  /** Now, for a model that answers in this slot. */
  readonly waiting: number;
  /** Now with a runner. */
  readonly running: number;
  /** Open now. */
  readonly sequences: number;
  /** Refused because the queue was full, `reject`. */
  readonly rejected: number;
  /** Put out of the queue by a newer one, `drop-oldest` and `latest-only`. */
  readonly dropped: number;
  /** Answered DEADLINE_EXCEEDED before any runner was asked. */
  readonly expired: number;
  /** Not asked of any runner, for their askers had left. */
  readonly withdrawn: number;
  /** Times a runner was asked. */
  readonly executions: number;
  /** Those of them with more than one request. */
  readonly batches: number;
  /** Requests that runners were asked. */
  readonly requests: number;
  /** Rows of those requests; of a release that takes no batches one each. */
  readonly rows: number;
  /** Those of the rows that were in batches. */
  readonly batchedRows: number;
  /** How long requests waited before a runner was asked, in sum. */
  readonly queueMs: number;
  /** How long runners had them, in sum over executions. */
  readonly runMs: number;
}

type Summed = Omit<ServingCounts, "waiting" | "running" | "sequences">;
export type CountedSums = { -readonly [Name in keyof Summed]: number };

export function emptyCounts(): CountedSums {
  return {
    rejected: 0,
    dropped: 0,
    expired: 0,
    withdrawn: 0,
    executions: 0,
    batches: 0,
    requests: 0,
    rows: 0,
    batchedRows: 0,
    queueMs: 0,
    runMs: 0,
  };
}
