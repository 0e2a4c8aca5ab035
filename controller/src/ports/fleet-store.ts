import type {
  DeviceClass,
  DeviceFacts,
  DeviceId,
  DeviceState,
  Labels,
  ReportItem,
  Sha256,
  SlotReport,
} from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { CohortKey } from "../domain/drift/cohort-key.ts";
import type { OrderedSlot } from "../domain/fleet/desired-models.ts";

/** Claims and devices. Every method is one transaction; an `audit` is written down in it. */
export interface FleetStore {
  readonly addClaim: (claim: ClaimRecord, audit: AuditEntry) => Promise<void>;
  readonly claim: (id: string) => Promise<ClaimRecord | undefined>;
  /** Newest first, at most `claimLimits.listedMax`. */
  readonly claims: () => Promise<readonly ClaimRecord[]>;
  /** @returns false when it was revoked before; then nothing has changed */
  readonly revokeClaim: (id: string, audit: AuditEntry) => Promise<boolean>;
  /** The secret of an expired claim and what came with it serve nobody: forget them. The entry names the claims; none, no entry. */
  readonly forgetClaimSecrets: (
    expiredBeforeMs: number,
    audit: (claims: readonly string[]) => AuditEntry,
  ) => Promise<void>;

  /** Adds the device, puts it in the place of a revoked one, or gives a known key a fresh credential. */
  readonly enrol: (
    enrolment: EnrolmentRecord,
    audit: (outcome: Admitted) => AuditEntry,
  ) => Promise<EnrolOutcome>;
  /** @returns false when no device of this name waits with this key any more; then nothing has changed */
  readonly approveDevice: (
    id: DeviceId,
    publicKey: Uint8Array,
    audit: AuditEntry,
  ) => Promise<boolean>;
  /** Voids its secret, and its key for ever. @returns false when it was revoked before; then nothing has changed */
  readonly revokeDevice: (
    id: DeviceId,
    reason: string | null,
    audit: AuditEntry,
  ) => Promise<boolean>;
  readonly device: (id: DeviceId) => Promise<DeviceRecord | undefined>;
  /** What has to be known of whoever sends thousands of messages a second. */
  readonly sender: (id: DeviceId) => Promise<SenderRecord | undefined>;
  readonly deviceByKey: (publicKey: Uint8Array) => Promise<DeviceRecord | undefined>;
  readonly devices: () => Promise<readonly DeviceRecord[]>;
  /** In the order of their ids, those above `after`; for what walks through a large fleet without holding up others. */
  readonly devicesFrom: (after: DeviceId | null, count: number) => Promise<readonly DeviceRecord[]>;
  /** Whether an active device belongs to it. */
  readonly hasCohort: (cohort: CohortKey) => Promise<boolean>;
  /** Of active devices, at most so many: the fleet, classes by name, labels by name. */
  readonly someCohorts: (countMax: number) => Promise<readonly CohortKey[]>;
  /** undefined, too, of a device that waits or is revoked. */
  readonly secretOf: (id: DeviceId) => Promise<Sha256 | undefined>;
  /** @returns false, with nothing changed, when the labels are not `before` any more */
  readonly setLabels: (id: DeviceId, change: LabelChange, audit: AuditEntry) => Promise<boolean>;

  readonly setPresence: (id: DeviceId, presence: PresenceRecord) => Promise<void>;
  /** At start nobody is connected to the embedded broker. */
  readonly allOffline: () => Promise<void>;
  /** @returns the rollouts of which it has changed something */
  readonly recordHello: (id: DeviceId, hello: HelloRecord) => Promise<readonly string[]>;
  /** `duplicate` when (boot, seq) is not newer than the newest applied one. */
  readonly recordReport: (id: DeviceId, report: ReportRecord) => Promise<ReportOutcome>;
  /** Newest last, at most `controllerLimits.reportItemsPerDeviceMax`. */
  readonly recentItems: (id: DeviceId) => Promise<readonly TimedReportItem[]>;
  /** Of every device in one query; for lists. */
  readonly allRecentItems: () => Promise<ReadonlyMap<DeviceId, readonly TimedReportItem[]>>;

  /**
   * Stores a freshly signed document when the device's sequence is still `expectedSeq`.
   *
   * @returns false when somebody else was faster
   */
  readonly replaceDesired: (id: DeviceId, next: DesiredReplacement) => Promise<boolean>;
}

export interface ClaimRecord {
  readonly id: string;
  /** The HMAC key; null once it was forgotten. */
  readonly secret: string | null;
  readonly class: DeviceClass;
  readonly uses: number;
  readonly used: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly labels: Labels;
  /** The one device it admits; null: any. */
  readonly device: DeviceId | null;
  readonly needsApproval: boolean;
  readonly revokedAtMs: number | null;
}

export interface EnrolmentRecord {
  readonly id: DeviceId;
  readonly publicKey: Uint8Array;
  readonly class: DeviceClass;
  readonly labels: Labels;
  readonly claimId: string;
  /** Of the message's payload; remembered with the claim. */
  readonly messageSha256: Sha256;
  /** Whether the claim is bound to this very name. */
  readonly isForThisName: boolean;
  readonly needsApproval: boolean;
  readonly secretSha256: Sha256;
  readonly atMs: number;
}

/**
 * `claim-used`: all uses are taken by other keys. `device-taken`: the id belongs to another key, or the key to another
 * id. `key-revoked`: this key was a device once. `replayed`: this very message was taken before.
 */
export type EnrolOutcome =
  | Admitted
  | "claim-revoked"
  | "claim-used"
  | "device-taken"
  | "key-revoked"
  | "replayed"
  | "asked-too-often";

/**
 * The device is in the fleet; `again`: it came with the claim it had come with before; `replaced`: in the place of a
 * revoked one. `pending`: it is known, and nothing more.
 */
export type Admitted = "enrolled" | "again" | "replaced" | "pending";

export interface DeviceRecord {
  readonly id: DeviceId;
  readonly publicKey: Uint8Array;
  readonly class: DeviceClass;
  readonly labels: Labels;
  readonly state: DeviceState;
  readonly revokedAtMs: number | null;
  readonly revokeReason: string | null;
  readonly enrolledAtMs: number;
  readonly claimId: string;
  readonly online: boolean;
  readonly lastSeenAtMs: number | null;
  /** Counts how often the device lost its state and began its boot counter again. */
  readonly era: number;
  readonly boot: number | null;
  readonly helloAtMs: number | null;
  readonly agentVersion: string | null;
  readonly facts: DeviceFacts | null;
  readonly slots: readonly SlotReport[];
  /** Highest `desired.seq` the device has said it holds. */
  readonly reportedSeq: number;
  readonly desired: DesiredRecord;
}

export interface SenderRecord extends Pick<DeviceRecord, "id" | "publicKey" | "state" | "era"> {
  /** Releases that its slots are told to run. */
  readonly wanted: readonly Sha256[];
}

export interface DesiredRecord {
  /** 0: nothing was ever signed for this device. */
  readonly seq: number;
  readonly envelope: Uint8Array | null;
  readonly issuedAtMs: number | null;
  readonly slots: readonly DesiredEntry[];
}

/** What should run in one slot, and which deployment asked for it. */
export interface DesiredEntry extends OrderedSlot {
  readonly deployment: string;
}

export interface DesiredReplacement {
  readonly expectedSeq: number;
  readonly seq: number;
  readonly envelope: Uint8Array;
  readonly issuedAtMs: number;
}

export interface LabelChange {
  readonly before: Labels;
  readonly after: Labels;
}

export interface PresenceRecord {
  readonly boot: number;
  readonly online: boolean;
  readonly atMs: number;
}

export interface HelloRecord {
  readonly boot: number;
  readonly era: number;
  /** `issuedAt` of the message. */
  readonly issuedAtMs: number;
  readonly atMs: number;
  readonly agentVersion: string;
  readonly facts: DeviceFacts;
  readonly slots: readonly SlotReport[];
  readonly reportedSeq: number;
  /** Reports of this boot that are older than it; null: it does not say. */
  readonly reports: number | null;
}

export interface ReportRecord {
  readonly boot: number;
  readonly seq: number;
  readonly atMs: number;
  readonly reportedSeq: number;
  readonly items: readonly ReportItem[];
  readonly slots: readonly SlotReport[];
  readonly dropped: number;
}

export type ReportOutcome =
  | { readonly kind: "duplicate" }
  /** With the rollouts of which it has changed something. */
  | { readonly kind: "stored"; readonly rollouts: readonly string[] };

export type TimedReportItem = ReportItem & { readonly atMs: number };
