import { auditLimits } from "@modelfleet/protocol";

/** What a log is at, and what the newest checkpoint covers; 0 of both for none. */
export interface CheckpointFacts {
  readonly seq: number;
  readonly coveredSeq: number;
  readonly coveredAtMs: number;
  readonly nowMs: number;
}

/** Whether it is time to sign (protocol.md 9.4): after so many new entries, or so long with any. */
export function isCheckpointDue({ seq, coveredSeq, coveredAtMs, nowMs }: CheckpointFacts): boolean {
  const { checkpointEveryEvents, checkpointEveryMs } = auditLimits;
  const entries = seq - coveredSeq;
  if (entries >= checkpointEveryEvents) return true;
  return entries > 0 && nowMs - coveredAtMs >= checkpointEveryMs;
}
