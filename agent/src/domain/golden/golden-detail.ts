import { shortNumber } from "../short-number.ts";
import type { GoldenResult } from "./golden-result.ts";

/** What they were run by; see `RuntimeChoice`. */
export interface GoldenRuntime {
  readonly id: string;
  readonly version: string;
  readonly reason: string;
}

/** What became of the golden cases of a release, for people. */
export function goldenDetail(golden: GoldenResult, runtime: GoldenRuntime): string {
  return `${numbersOf(golden)}; ${runtime.id} ${runtime.version} (${runtime.reason})`;
}

function numbersOf({ cases, maxAbsoluteError, p50Ms, p95Ms }: GoldenResult): string {
  if (cases === 0) return "unproven: the release has no golden cases";
  const times = `p50 ${shortNumber(p50Ms)} ms, p95 ${shortNumber(p95Ms)} ms`;
  return `${cases} cases, largest error ${shortNumber(maxAbsoluteError)}, ${times}`;
}
