import type {
  Alert,
  AlertChange,
  AlertState as AlertStateName,
  DeviceId,
  Digest8,
  Labels,
  ModelName,
  Sha256,
} from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { AlertState } from "../domain/drift/alerts/alert-state.ts";
import type { CohortKey } from "../domain/drift/cohort-key.ts";
import type { SignalId } from "../domain/drift/signal.ts";
import type { Verdict } from "../domain/drift/verdict.ts";
import type { OutgoingEvent } from "../domain/events/outgoing-event.ts";
import type { LabelCounts } from "../domain/telemetry/label-counts.ts";
import type { MergedTelemetry } from "../domain/telemetry/merged-telemetry.ts";

/** Cells of the grid, their roll-ups and verdicts. */
export interface DriftStore {
  /** Cells that have more than their roll-ups hold and are due: those that may move alerts first, each kind oldest first. */
  readonly dirtyCells: (query: DueQuery) => Promise<readonly DirtyCell[]>;
  /** What came since the last roll-up, in the order of its marks, above `afterMark`. */
  readonly newWindows: (
    cell: DirtyCell,
    afterMark: number,
    count: number,
  ) => Promise<readonly CellWindow[]>;
  readonly newLabels: (
    cell: DirtyCell,
    afterMark: number,
    count: number,
  ) => Promise<readonly CellLabels[]>;
  /** Every window of one cohort in a cell that is still kept, by device. */
  readonly windowsOfCell: (
    cell: CellPlace,
    after: CellWindowPlace,
    count: number,
  ) => Promise<readonly CellWindow[]>;
  /** Devices with windows or labels in the cell that are still kept, by id, above `after`. */
  readonly devicesOf: (
    cell: DirtyCell,
    after: string,
    count: number,
  ) => Promise<readonly CohortMember[]>;
  /** Rollouts of a release that are under way, or have ended since; the newest first, and only a few. */
  readonly rolloutsOf: (release: Sha256, sinceMs: number) => Promise<readonly string[]>;
  /** Of `devicesOf`, those that one of some rollouts has brought the release since a moment. */
  readonly arrivedOf: (
    cell: DirtyCell,
    arrival: Arrival,
    page: { readonly after: string; readonly count: number },
  ) => Promise<readonly CohortMember[]>;
  readonly rollups: (cell: CellPlace) => Promise<readonly CellRollup[]>;
  /** Of one cohort, those that start in a time, newest first unless it says otherwise. */
  readonly rollupsOf: (query: RollupQuery) => Promise<readonly CellRollup[]>;
  /** Of each cohort the newest one since a moment that was judged. */
  readonly newest: (releasePrefix: Digest8, sinceMs: number) => Promise<readonly CellRollup[]>;
  /** undefined: nothing of it was judged yet. */
  readonly release: (releasePrefix: Digest8) => Promise<DriftRelease | undefined>;
  /** Releases with roll-ups. */
  readonly releasePrefixes: () => Promise<readonly Digest8[]>;
  /**
   * Stores what became of a cell, all of it or nothing.
   *
   * @returns false when somebody else was faster; then nothing has changed
   */
  readonly commit: (outcome: CellOutcome) => Promise<boolean>;
  /** Adds up the cells of a day that is over, where some have more than its roll-ups hold. */
  readonly foldDays: (
    endedBeforeMs: number,
    daysMax: number,
    add: (cells: readonly CellRollup[]) => CellRollup,
  ) => Promise<number>;
  /** Roll-ups that start before a moment, at most so many. @returns how many; fewer than asked when there are no more */
  readonly forget: (span: "cell" | "day", beforeMs: number, countMax: number) => Promise<number>;
}

/** Alerts, for ever. */
export interface AlertStore {
  readonly alerts: (query: AlertPageQuery) => Promise<AlertPage>;
  readonly alert: (id: string) => Promise<Alert | undefined>;
  /** Oldest first, at most so many. */
  readonly changes: (id: string, countMax: number) => Promise<readonly AlertChange[]>;
  /** Releases with open alerts of which no cell since a moment was judged as it came, at most so many. */
  readonly silentReleases: (
    judgedBeforeMs: number,
    countMax: number,
  ) => Promise<readonly Digest8[]>;
  /** @returns false when it has moved; then nothing has changed */
  readonly changeAlerts: (change: AlertsChange) => Promise<boolean>;
}

export interface AlertPageQuery {
  readonly limit: number;
  readonly cursor: string | null;
  readonly states?: readonly AlertStateName[] | undefined;
  readonly model?: ModelName | undefined;
}

export interface AlertPage {
  /** Newest first. */
  readonly alerts: readonly Alert[];
  readonly next: string | null;
}

/** What is remembered of a release between two cells. */
export interface DriftRelease {
  readonly releasePrefix: Digest8;
  /** Counts changes; 0: there was none. */
  readonly version: number;
  /** Start of the newest cell that was judged as it came. */
  readonly judgedMs: number;
  readonly memory: DriftMemory;
}

/** Plain data. */
export interface DriftMemory {
  readonly alerts: readonly RememberedAlert[];
  /** Notifications of the last hour. */
  readonly notifiedAtMs: readonly number[];
  /** Changes that nobody was told of, because there were too many notifications. */
  readonly heldBack: number;
}

export interface RememberedAlert {
  readonly cohort: CohortKey;
  readonly signal: SignalId;
  readonly state: AlertState;
}

/** Changes of alerts, with everything that tells of them, in one transaction. */
export interface AlertsChange {
  /** As it is to be; stored only over the version before it. */
  readonly release: DriftRelease;
  readonly alerts: readonly ChangedAlert[];
  readonly audit: readonly AuditEntry[];
  readonly events: readonly OutgoingEvent[];
}

export interface ChangedAlert {
  /** Its version is counted where it is stored. */
  readonly alert: Omit<Alert, "version">;
  readonly change: AlertChange;
}

export interface CellOutcome {
  readonly cell: DirtyCell;
  readonly rollups: readonly CellRollup[];
  /** null: the past, which moves no alert. */
  readonly change: AlertsChange | null;
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

export interface Arrival {
  readonly rollouts: readonly string[];
  readonly sinceMs: number;
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

export interface CellLabels extends CohortMember, LabelCounts {
  readonly mark: number;
}

/** The last one that was read: its device and mark. */
export interface CellWindowPlace {
  readonly device: string;
  readonly mark: number;
}

export interface RollupQuery {
  readonly releasePrefix: Digest8;
  readonly cohort: CohortKey;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
  readonly first?: "newest" | "oldest";
}

/** What the devices of a cohort measured in a cell. */
export interface CellRollup {
  readonly cohort: CohortKey;
  readonly startMs: number;
  readonly lengthMs: number;
  /** Never fewer than there were. */
  readonly devices: number;
  readonly merged: MergedTelemetry;
  readonly labels: readonly LabelCounts[];
  /** Of all signals; empty: not judged. */
  readonly verdicts: readonly Verdict[];
}
