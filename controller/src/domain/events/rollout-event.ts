import type { AuditEvent } from "@modelfleet/protocol";
import type { JsonObject, OutgoingEvent } from "./outgoing-event.ts";

/** Of the hash of its entry: with its number enough to be unique, also after a backup was restored. */
const HASH_LENGTH = 16;

/**
 * A rollout, or a stage of one, has come to another state: what was written down of it, told to others.
 *
 * @returns undefined for an entry that is about something else
 */
export function rolloutEvent({
  seq,
  hash,
  atMs,
  actor,
  action,
  subject,
  detail,
}: AuditEvent): OutgoingEvent | undefined {
  if (!/^(rollout|stage)\./.test(action)) return undefined;
  return {
    id: `rollout-${seq}-${hash.slice(0, HASH_LENGTH)}`,
    type: "modelfleet.rollout.state",
    subject,
    atMs,
    data: { action, actor, audit: seq, detail: JSON.parse(detail) as JsonObject },
  };
}
