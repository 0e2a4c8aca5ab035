import type {
  Approval,
  DeploymentTarget,
  DeviceId,
  EligibilityReason,
  ModelName,
  RefusalCode,
  ReleaseVersion,
  ReportStep,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import type { Principal } from "../domain/access/principal.ts";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { DesiredEntry, DesiredReplacement } from "./fleet-store.ts";

/** Deployments and what became of them on each device. */
export interface DeploymentStore {
  /**
   * The deployment, its devices and their new desired documents: all or nothing.
   *
   * @returns false, with nothing stored, when one device's sequence is no longer the expected one
   */
  readonly add: (
    deployment: DeploymentRecord,
    assignments: readonly Assignment[],
    audit: AuditEntry,
  ) => Promise<boolean>;
  /**
   * What was asked for and is now approved, its devices and their documents; `from` is the approval it had.
   *
   * @returns false, with nothing stored, also when somebody else has approved it meanwhile
   */
  readonly approve: (order: ApprovedOrder, audit: AuditEntry) => Promise<boolean>;
  readonly byId: (id: string) => Promise<StoredDeployment | undefined>;
  /** Which of these releases any deployment or rollout has ever given to this device. */
  readonly assignedAmong: (
    device: DeviceId,
    releases: readonly Sha256[],
  ) => Promise<ReadonlySet<Sha256>>;
  /** Newest first, at most `count`. */
  readonly list: (count: number) => Promise<readonly StoredDeployment[]>;
}

export interface ApprovedOrder {
  readonly from: Approval;
  readonly deployment: DeploymentRecord;
  readonly assignments: readonly Assignment[];
}

export interface DeploymentRecord {
  readonly id: string;
  readonly release: Sha256;
  readonly model: ModelName;
  readonly version: ReleaseVersion;
  readonly slot: SlotName;
  readonly target: DeploymentTarget;
  /** How long applications may put the swap off, ms; absent: the device's own bound. */
  readonly deferMsMax?: number | undefined;
  readonly createdAtMs: number;
  readonly approval: Approval;
  /** Who asked for it, with the rights he had then; null when nobody had to approve. */
  readonly requester: Principal | null;
  readonly ineligible: readonly IneligibleDevice[];
}

export interface IneligibleDevice {
  readonly device: DeviceId;
  readonly reasons: readonly EligibilityReason[];
}

/** One device's part: its new signed document and what it should run afterwards in this slot. */
export interface Assignment extends DesiredReplacement {
  readonly device: DeviceId;
  readonly entry: DesiredEntry;
}

export interface StoredDeployment extends Omit<DeploymentRecord, "ineligible"> {
  readonly devices: readonly ExecutionRecord[];
}

/** One device of one deployment, with the newest step it has reported for it. */
export interface ExecutionRecord {
  readonly device: DeviceId;
  /** Sequence of the document that carried it; null for an ineligible device. */
  readonly seq: number | null;
  readonly reasons: readonly EligibilityReason[];
  readonly step: ReportStep | null;
  readonly code: RefusalCode | null;
  readonly detail: string | null;
}
