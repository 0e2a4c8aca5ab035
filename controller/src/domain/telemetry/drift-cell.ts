import { driftLimits } from "@modelfleet/protocol";

/** A cell of the grid in which windows of one release are judged together: [startMs, startMs + lengthMs). */
export interface GridCell {
  readonly startMs: number;
  readonly lengthMs: number;
}

/** The cell that a moment lies in; cells are aligned to UTC. */
export function cellOf(atMs: number, lengthMs: number): GridCell {
  return { startMs: Math.floor(atMs / lengthMs) * lengthMs, lengthMs };
}

/** From when on it is judged; what comes later changes the record and pages nobody (telemetry.md 2.4). */
export function dueMs({ startMs, lengthMs }: GridCell): number {
  return startMs + (1 + driftLimits.graceCells) * lengthMs;
}
