import type { ExportOutcome } from "../domain/export/export-outcome.ts";

/** Another system that keeps figures. */
export interface MetricsSink {
  /** Never rejects for what the other side does; once `signal` is aborted the answer means nothing. */
  readonly send: (request: object, signal: AbortSignal) => Promise<ExportOutcome>;
}
