import type { DeviceId, Digest8, Labels } from "@modelfleet/protocol";
import type { CohortKey } from "../domain/drift/cohort-key.ts";
import type { Verdict } from "../domain/drift/verdict.ts";
import type { MergedTelemetry } from "../domain/telemetry/merged-telemetry.ts";

/** Cells of the grid, their roll-ups and verdicts. */
export interface DriftStore {
  /** Cells that have more than their roll-ups hold and are due, oldest first. */
  readonly dirtyCells: (query: DueQuery) => Promise<readonly DirtyCell[]>;
  /** What came since the last roll-up, in the order of its marks, above `afterMark`. */
  readonly newWindows: (
    cell: DirtyCell,
    afterMark: number,
    count: number,
  ) => Promise<readonly CellWindow[]>;
  /** Devices with windows in the cell that are still kept, by id, above `after`. */
  readonly devicesOf: (
    cell: DirtyCell,
    after: string,
    count: number,
  ) => Promise<readonly CohortMember[]>;
  readonly rollups: (cell: CellPlace) => Promise<readonly CellRollup[]>;
}

export interface DueQuery {
  readonly nowMs: number;
  /** Cells that are waited for after the end of one. */
  readonly graceCells: number;
  readonly count: number;
}

export interface CellPlace {
  readonly releasePrefix: Digest8;
  readonly startMs: number;
}

export interface DirtyCell extends CellPlace {
  readonly lengthMs: number;
  /** Windows that have come; those numbered above `folded` are in no roll-up. */
  readonly marked: number;
  readonly folded: number;
  /** Some of it came in time. */
  readonly isOnTime: boolean;
}

/** What decides about the cohorts of a device. */
export interface CohortMember {
  readonly device: DeviceId;
  readonly deviceClass: string;
  readonly labels: Labels;
}

export interface CellWindow extends CohortMember {
  readonly mark: number;
  /** The protobuf bytes of the window. */
  readonly bytes: Uint8Array;
}

/** What the devices of a cohort measured in a cell. */
export interface CellRollup {
  readonly cohort: CohortKey;
  readonly startMs: number;
  readonly lengthMs: number;
  /** Never fewer than there were. */
  readonly devices: number;
  readonly merged: MergedTelemetry;
  /** Of all signals; empty: not judged. */
  readonly verdicts: readonly Verdict[];
}
