import type { Device } from "@modelfleet/protocol";
import type { DeviceRecord, TimedReportItem } from "../../ports/fleet-store.ts";

/** A device as operators see it: no key, no secret, no document bytes. */
export function deviceView(record: DeviceRecord, recent: readonly TimedReportItem[]): Device {
  const { id, class: deviceClass, labels, enrolledAtMs, online, lastSeenAtMs, boot } = record;
  return {
    id,
    state: record.state,
    revoked: revocationOf(record),
    class: deviceClass,
    labels,
    enrolledAtMs,
    online,
    lastSeenAtMs,
    boot,
    agentVersion: record.agentVersion,
    facts: record.facts,
    desired: {
      seq: record.desired.seq,
      slots: record.desired.slots.map(({ slot, release, model, version }) => ({
        slot,
        release,
        model,
        version,
      })),
    },
    slots: [...record.slots],
    recent: [...recent],
  };
}

function revocationOf({ revokedAtMs, revokeReason }: DeviceRecord): Device["revoked"] {
  return revokedAtMs === null ? null : { atMs: revokedAtMs, reason: revokeReason };
}
