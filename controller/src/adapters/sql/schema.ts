import type { DeviceState } from "@modelfleet/protocol";
import type { BatchPartKey, DriftTables } from "./drift/drift-tables.ts";
import type { EventTables } from "./events/event-tables.ts";
import type { RolloutTables } from "./rollout/rollout-tables.ts";

/** Tables. Times are integer milliseconds, JSON is text, bytes are bytes: the same in SQLite and PostgreSQL. */
export interface Schema extends RolloutTables, EventTables, DriftTables {
  api_keys: ApiKeysTable;
  claims: ClaimsTable;
  claim_messages: ClaimMessagesTable;
  revoked_keys: RevokedKeysTable;
  certificates: CertificatesTable;
  devices: DevicesTable;
  device_labels: DeviceLabelsTable;
  desired_slots: DesiredSlotsTable;
  report_items: ReportItemsTable;
  releases: ReleasesTable;
  release_files: ReleaseFilesTable;
  deployments: DeploymentsTable;
  executions: ExecutionsTable;
  telemetry_batches: TelemetryBatchesTable;
  telemetry_windows: TelemetryWindowsTable;
  telemetry_boots: TelemetryBootsTable;
  audit_events: AuditEventsTable;
  audit_checkpoints: AuditCheckpointsTable;
}

export interface ApiKeysTable {
  id: string;
  name: string;
  secret_sha256: string;
  grants: string;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  revoked_at_ms: number | null;
  last_used_at_ms: number | null;
}

export interface ClaimsTable {
  id: string;
  secret: string | null;
  class: string;
  uses: number;
  used: number;
  created_at_ms: number;
  expires_at_ms: number;
  labels: string;
  device: string | null;
  /** 1: what enrols with it waits for an operator. */
  needs_approval: number;
  revoked_at_ms: number | null;
  /** Accepted messages; as many digests are kept. */
  asked: number;
}

export interface ClaimMessagesTable {
  claim_id: string;
  sha256: string;
}

export interface RevokedKeysTable {
  public_key: Uint8Array;
  device: string;
  revoked_at_ms: number;
}

export interface CertificatesTable {
  serial: string;
  device: string;
  public_key: Uint8Array;
  pem: string;
  issued_at_ms: number;
  expires_at_ms: number;
}

export interface DevicesTable {
  id: string;
  public_key: Uint8Array;
  class: string;
  labels: string;
  claim_id: string;
  /** Empty while there is none. */
  secret_sha256: string;
  state: DeviceState;
  revoked_at_ms: number | null;
  revoke_reason: string | null;
  enrolled_at_ms: number;
  online: number;
  presence_boot: number;
  last_seen_at_ms: number | null;
  era: number;
  boot: number | null;
  hello_at_ms: number | null;
  /** Reports of its `boot` that are older than the hello. */
  hello_reports: number;
  agent_version: string | null;
  facts: string | null;
  slots: string;
  reported_seq: number;
  /** Place of the newest applied report; −1 before the first. */
  report_boot: number;
  report_seq: number;
  dropped: number;
  desired_seq: number;
  desired_envelope: Uint8Array | null;
  desired_at_ms: number | null;
}

/** `labels` of a device once more, as rows. */
export interface DeviceLabelsTable {
  device: string;
  key: string;
  value: string;
}

export interface DesiredSlotsTable {
  device: string;
  slot: string;
  release: string;
  model: string;
  version: string;
  envelope_size: number;
  /** Or the rollout. */
  deployment: string;
  defer_ms_max: number | null;
  /** When it may begin to serve, as JSON; null: at once. */
  windows: string | null;
  attempt: number | null;
}

export interface ReportItemsTable {
  device: string;
  /** Counts up for each device. */
  place: number;
  at_ms: number;
  item: string;
}

export interface ReleasesTable {
  release: string;
  model: string;
  version: string;
  document: string;
  envelope: Uint8Array;
  published_at_ms: number;
  /** `Approval` as JSON. */
  approval: string;
}

export interface ReleaseFilesTable {
  release: string;
  path: string;
  sha256: string;
}

export interface DeploymentsTable {
  id: string;
  release: string;
  model: string;
  version: string;
  slot: string;
  target: string;
  defer_ms_max: number | null;
  created_at_ms: number;
  /** `Approval` as JSON. */
  approval: string;
  /** Who asked for it and with which rights, as JSON; null when nobody had to approve. */
  requester: string | null;
}

export interface ExecutionsTable {
  deployment: string;
  device: string;
  slot: string;
  release: string;
  seq: number | null;
  reasons: string;
  step: string | null;
  code: string | null;
  detail: string | null;
}

export interface TelemetryBatchesTable {
  device: string;
  era: number;
  boot: number;
  seq: number;
  dropped: number;
  received_at_ms: number;
}

export interface TelemetryWindowsTable extends BatchPartKey {
  slot: string;
  release8: string;
  start_ms: number;
  duration_ms: number;
  bytes: Uint8Array;
  /** Start of its cell in the grid of `drift_cells`, and its number there; 0: in no cell. */
  cell_ms: number;
  mark: number;
}

export interface TelemetryBootsTable {
  device: string;
  era: number;
  boot: number;
  seq_max: number;
  received: number;
  last_at_ms: number;
}

export interface AuditEventsTable {
  seq: number;
  at_ms: number;
  actor: string;
  action: string;
  subject: string;
  detail: string;
  previous_hash: string;
  hash: string;
}

export interface AuditCheckpointsTable {
  seq: number;
  envelope: Uint8Array;
  at_ms: number;
}
