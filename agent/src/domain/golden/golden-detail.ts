/** What became of a release's golden cases. */
export interface GoldenNumbers {
  readonly cases: number;
  readonly maxAbsoluteError: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** What they were run by; see `RuntimeChoice`. */
export interface GoldenRuntime {
  readonly id: string;
  readonly version: string;
  readonly reason: string;
}

/** The same for people. */
export function goldenDetail(golden: GoldenNumbers, runtime: GoldenRuntime): string {
  return `${numbersOf(golden)}; ${runtime.id} ${runtime.version} (${runtime.reason})`;
}

function numbersOf({ cases, maxAbsoluteError, p50Ms, p95Ms }: GoldenNumbers): string {
  if (cases === 0) return "unproven: the release has no golden cases";
  const times = `p50 ${rounded(p50Ms)} ms, p95 ${rounded(p95Ms)} ms`;
  return `${cases} cases, largest error ${rounded(maxAbsoluteError)}, ${times}`;
}

/** Three significant digits. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
