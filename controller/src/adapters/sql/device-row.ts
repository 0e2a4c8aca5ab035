import type {
  DeviceFacts,
  DeviceId,
  Labels,
  MaintenanceWindow,
  ModelName,
  ReleaseVersion,
  Sha256,
  SlotName,
  SlotReport,
} from "@modelfleet/protocol";
import type { Insertable, Selectable } from "kysely";
import type { ClaimRecord, DesiredEntry, DeviceRecord } from "../../ports/fleet-store.ts";
import { bytesOf } from "./column.ts";
import type { ClaimsTable, DesiredSlotsTable, DevicesTable } from "./schema.ts";

export function claimOf(row: Selectable<ClaimsTable>): ClaimRecord {
  const { id, secret, class: deviceClass, uses, used } = row;
  return {
    id,
    secret,
    class: deviceClass,
    uses,
    used,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    labels: JSON.parse(row.labels) as Labels,
    device: row.device as DeviceId | null,
    needsApproval: row.needs_approval === 1,
    revokedAtMs: row.revoked_at_ms,
  };
}

export function claimRow(claim: ClaimRecord): Insertable<ClaimsTable> {
  const { id, secret, class: deviceClass, uses, used, device, needsApproval } = claim;
  return {
    ...{ id, secret, class: deviceClass, uses, used, device, asked: 0 },
    created_at_ms: claim.createdAtMs,
    expires_at_ms: claim.expiresAtMs,
    labels: JSON.stringify(claim.labels),
    needs_approval: needsApproval ? 1 : 0,
    revoked_at_ms: claim.revokedAtMs,
  };
}

export function deviceOf(
  row: Selectable<DevicesTable>,
  slots: readonly Selectable<DesiredSlotsTable>[],
): DeviceRecord {
  return {
    id: row.id as DeviceId,
    publicKey: bytesOf(row.public_key),
    class: row.class,
    labels: JSON.parse(row.labels) as Labels,
    state: row.state,
    revokedAtMs: row.revoked_at_ms,
    revokeReason: row.revoke_reason,
    enrolledAtMs: row.enrolled_at_ms,
    claimId: row.claim_id,
    online: row.online === 1,
    lastSeenAtMs: row.last_seen_at_ms,
    era: row.era,
    boot: row.boot,
    helloAtMs: row.hello_at_ms,
    agentVersion: row.agent_version,
    facts: row.facts === null ? null : (JSON.parse(row.facts) as DeviceFacts),
    slots: JSON.parse(row.slots) as SlotReport[],
    reportedSeq: row.reported_seq,
    desired: {
      seq: row.desired_seq,
      envelope: row.desired_envelope && bytesOf(row.desired_envelope),
      issuedAtMs: row.desired_at_ms,
      slots: slots.map(entryOf),
    },
  };
}

function entryOf(row: Selectable<DesiredSlotsTable>): DesiredEntry {
  return {
    slot: row.slot as SlotName,
    release: row.release as Sha256,
    model: row.model as ModelName,
    version: row.version as ReleaseVersion,
    envelopeSize: row.envelope_size,
    deployment: row.deployment,
    ...(row.defer_ms_max === null ? {} : { deferMsMax: row.defer_ms_max }),
    ...(row.attempt === null ? {} : { attempt: row.attempt }),
    ...(row.windows === null ? {} : { windows: JSON.parse(row.windows) as MaintenanceWindow[] }),
  };
}
