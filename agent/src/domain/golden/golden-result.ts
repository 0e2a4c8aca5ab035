/** What proving a release on this device came to. */
export interface GoldenResult {
  /** 0 means the release carries no golden cases and is `unproven`. */
  readonly cases: number;
  readonly maxAbsoluteError: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Outputs of which the cases compare what is largest, not the numbers. */
  readonly ranked?: readonly string[];
  /** The golden file lets answers be NaN or infinite. */
  readonly allowsNonFinite?: boolean;
}
