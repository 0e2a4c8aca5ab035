import {
  AuditCheckpoint,
  type AuditRecord,
  encodeBase64,
  encodePayload,
  formatTimestamp,
  payloadTypes,
  type Sha256,
  signEnvelope,
} from "@modelfleet/protocol";
import { chainStart } from "../../../controller/src/domain/audit/chain-hash.ts";
import { type ChainEnd, linkEntry } from "../../../controller/src/domain/audit/link-entry.ts";
import { fixtureFleet, fixtureTimes, fleetKeys, payloadDigest } from "../trust-fixtures.ts";
import { auditEntry } from "./audit-entry.ts";

/** A whole log of so many entries, signed after every fourth. */
export function auditRecords(events: number, signer = fleetKeys.online): readonly AuditRecord[] {
  const records: AuditRecord[] = [];
  let end: ChainEnd = { seq: 0, hash: chainStart };
  let previous: Sha256 | null = null;
  for (let seq = 1; seq <= events; seq++) {
    const event = linkEntry(end, { ...auditEntry(), detail: { seq } });
    records.push({ kind: "event", ...event });
    end = event;
    if (seq % 4 !== 0) continue;
    const envelope = signCheckpoint({ seq, hash: event.hash, previous }, signer);
    previous = payloadDigest(envelope);
    records.push({ kind: "checkpoint", seq, envelope: encodeBase64(envelope) });
  }
  return records;
}

/** The envelope of a checkpoint of the fixture fleet. */
export function signCheckpoint(changes: object, signer = fleetKeys.online): Uint8Array {
  const checkpoint = AuditCheckpoint.parse({
    type: "audit-checkpoint",
    spec: 1,
    fleet: fixtureFleet,
    issuedAt: formatTimestamp(fixtureTimes.nowMs),
    ...changes,
  });
  return signEnvelope(payloadTypes.auditCheckpoint, encodePayload(checkpoint), [signer]);
}
