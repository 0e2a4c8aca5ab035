import type { ErrorCount, LatencyBuckets, Sha256 } from "@modelfleet/protocol";

/** What one cohort of a release measured in one cell of the grid, for other systems that keep figures. */
export interface ExportedCell {
  readonly model: string;
  readonly version: string;
  readonly release: Sha256;
  readonly cohort: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly devices: number;
  readonly requests: number;
  readonly errors: readonly ErrorCount[];
  readonly latency: LatencyBuckets;
  readonly latencySumUs: number;
  readonly psi: readonly { readonly signal: string; readonly psi: number }[];
}
