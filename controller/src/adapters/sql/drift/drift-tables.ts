/** Tables of the drift pipeline; part of the schema. */
export interface DriftTables {
  drift_cells: DriftCellsTable;
  drift_rollups: DriftRollupsTable;
  drift_releases: DriftReleasesTable;
  alerts: AlertsTable;
  alert_changes: AlertChangesTable;
  telemetry_labels: TelemetryLabelsTable;
  telemetry_quarantine: TelemetryQuarantineTable;
  maintenance: MaintenanceTable;
}

/** One cell of the grid of one release. */
export interface DriftCellsTable {
  release8: string;
  cell_ms: number;
  length_ms: number;
  /** Counts the windows that came, which each keep their number: those above `folded` are in no roll-up yet. */
  marked: number;
  /** Those that came before it was due; none: the cell pages nobody. */
  on_time: number;
  folded: number;
  /** `folded` as it was when the day's roll-up was made. */
  day_folded: number;
}

/** What the devices of a cohort measured, added up over a cell of the grid or a day. */
export interface DriftRollupsTable {
  release8: string;
  span: "cell" | "day";
  start_ms: number;
  cohort: string;
  length_ms: number;
  devices: number;
  /** Deflated JSON. */
  sums: Uint8Array;
  /** Labels that came in the cell, as JSON. */
  labels: string;
  /** Deflated JSON; null: not judged. */
  verdicts: Uint8Array | null;
}

export interface DriftReleasesTable {
  release8: string;
  /** Counts changes of the state, by cells and by people. */
  version: number;
  /** Start of the newest cell that was judged as it came; what is judged behind it pages nobody. */
  judged_ms: number;
  /** What the alerts' machines remember, as deflated JSON. */
  state: Uint8Array;
}

export interface AlertsTable {
  id: string;
  version: number;
  release8: string;
  model: string;
  model_version: string;
  cohort: string;
  signal: string;
  state: string;
  opened_at_ms: number;
  changed_at_ms: number;
  /** The whole of it, as JSON. */
  alert: string;
}

/** Work that people have announced. */
export interface MaintenanceTable {
  id: string;
  model: string;
  cohort: string;
  from_ms: number;
  until_ms: number;
  reason: string;
  created_at_ms: number;
  created_by: string;
  /** Before its time, by a person. */
  ended_at_ms: number | null;
  ended_by: string | null;
}

export interface AlertChangesTable {
  alert: string;
  place: number;
  at_ms: number;
  /** As JSON. */
  change: string;
}

/** Names a part of a batch: the batch, and its place in it. */
export interface BatchPartKey {
  device: string;
  era: number;
  boot: number;
  seq: number;
  position: number;
}

export interface TelemetryLabelsTable extends BatchPartKey {
  slot: string;
  release8: string;
  /** Of the window of the answers. */
  start_ms: number;
  duration_ms: number;
  output: number;
  labelled: number;
  errors: number;
  /** On the device, that signalled; with spaces between. */
  detectors: string;
  /** The cell in which they came, and their number there. */
  cell_ms: number;
  mark: number;
}

export interface TelemetryQuarantineTable extends BatchPartKey {
  reason: string;
  release8: string;
  profile8: string | null;
  received_at_ms: number;
  bytes: Uint8Array;
}
