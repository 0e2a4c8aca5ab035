import type { DeviceClass, DeviceId, Sha256 } from "@modelfleet/protocol";
import type { AuditEntry } from "../audit/audit-entry.ts";

export interface EnrolFacts {
  readonly id: DeviceId;
  readonly class: DeviceClass;
  readonly claimId: string;
  readonly key: Sha256;
  readonly atMs: number;
}

const actions = {
  enrolled: "device.enrolled",
  again: "device.enrolled-again",
  replaced: "device.replaced",
  pending: "device.pending",
} as const;

/** What is written down of an enrolment that was not refused. Its actor is the device: nobody else is there. */
export function enrolEntry(facts: EnrolFacts, outcome: keyof typeof actions): AuditEntry {
  const { id, claimId, key, atMs } = facts;
  return {
    atMs,
    actor: `device:${id}`,
    action: actions[outcome],
    subject: `device:${id}`,
    detail: { claim: claimId, class: facts.class, key },
  };
}
