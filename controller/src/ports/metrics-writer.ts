import type { Metric } from "../domain/metrics/metric.ts";

/** Figures in the text that monitoring reads. */
export type MetricsWriter = (metrics: readonly Metric[]) => Promise<string>;
