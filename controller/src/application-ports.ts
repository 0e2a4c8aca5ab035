import type { Endpoints } from "./app/fleet/create-claim.ts";
import type { ExportedCell } from "./domain/export/exported-cell.ts";
import type { AccessStore } from "./ports/access-store.ts";
import type { AuditLog, AuditTally } from "./ports/audit-log.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Calendar } from "./ports/calendar.ts";
import type { CertificateAuthority } from "./ports/certificate-authority.ts";
import type { CertificateStore } from "./ports/certificate-store.ts";
import type { Clock } from "./ports/clock.ts";
import type { DeploymentStore } from "./ports/deployment-store.ts";
import type { DeviceBus } from "./ports/device-bus.ts";
import type { AlertStore, DriftStore } from "./ports/drift-store.ts";
import type { EventLog } from "./ports/event-log.ts";
import type { EventSender } from "./ports/event-sender.ts";
import type { EventStore } from "./ports/event-store.ts";
import type { FleetFigures } from "./ports/fleet-figures.ts";
import type { FleetStore } from "./ports/fleet-store.ts";
import type { Keys } from "./ports/keys.ts";
import type { MaintenanceStore } from "./ports/maintenance-store.ts";
import type { MetricsWriter } from "./ports/metrics-writer.ts";
import type { ProcessFigures } from "./ports/process-figures.ts";
import type { ReleaseStore } from "./ports/release-store.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";
import type { TelemetryStore } from "./ports/telemetry-store.ts";
import type { TokenVerifier } from "./ports/token-verifier.ts";

/** Every port of the controller, behind which the adapters are. */
export interface Ports {
  readonly authority: CertificateAuthority | undefined;
  readonly certificates: CertificateStore;
  readonly access: AccessStore;
  readonly audit: AuditLog;
  readonly blobs: BlobStore;
  /** Lets others have a turn of the process, between two commits of many. */
  readonly breathe: () => Promise<void>;
  readonly bus: DeviceBus;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly deployments: DeploymentStore;
  readonly drift: DriftStore & AlertStore;
  /** Where figures of cohorts go besides. */
  readonly exportCells?: ((cells: readonly ExportedCell[]) => void) | undefined;
  /** Length of a cell of the grid that telemetry is judged in; 15 min when left out. */
  readonly driftWindowMs?: number;
  readonly events: EventStore;
  readonly figures: FleetFigures;
  readonly fleet: FleetStore;
  readonly keys: Keys;
  readonly log: EventLog;
  readonly maintenance: MaintenanceStore;
  /** Told of a failure nobody expected. */
  readonly onDefect: (error: unknown) => void;
  readonly releases: ReleaseStore;
  readonly process?: ProcessFigures | undefined;
  readonly rollouts: RolloutStore;
  /** Of events, to other systems. */
  readonly sender: EventSender;
  readonly tally: AuditTally;
  readonly telemetry: TelemetryStore;
  readonly tokens?: TokenVerifier | undefined;
  readonly releasesAwaitApproval?: boolean;
  readonly rolloutsAwaitApproval?: boolean;
  /** A rollout is to have a turn: by `wake`, now or a little later. At once where it is left out. */
  readonly onWake?: (rollout: string, wake: (rollout: string) => void) => void;
  readonly endpoints: () => Endpoints;
  readonly writeMetrics: MetricsWriter;
}
