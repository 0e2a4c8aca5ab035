import { type ErrorCount, telemetryLimits } from "@modelfleet/protocol";

/** Failed requests of the open window by code; beyond `errorCodesMax` codes, or of another form: OTHER. */
export interface ErrorCounter {
  readonly add: (code: string) => void;
  /** Sorted by code; then everything is zero again. */
  readonly take: () => readonly ErrorCount[];
}

const OTHER = "OTHER";

/** Holds at most `errorCodesMax` codes, whatever it is given. */
export function createErrorCounter(): ErrorCounter {
  const counts = new Map<string, number>();

  function add(code: string): void {
    const known = counts.has(code) || (isCode(code) && hasRoom());
    const counted = known ? code : OTHER;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }

  /** One place stays free for OTHER. */
  function hasRoom(): boolean {
    const named = counts.has(OTHER) ? counts.size - 1 : counts.size;
    return named < telemetryLimits.errorCodesMax - 1;
  }

  function take(): readonly ErrorCount[] {
    const taken = Array.from(counts, ([code, count]) => ({ code, count }));
    counts.clear();
    return taken.sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  return { add, take };
}

function isCode(code: string): boolean {
  return code.length <= telemetryLimits.errorCodeLengthMax && /^[A-Z][A-Z0-9_]*$/.test(code);
}
