import * as z from "zod";
import { auditLimits } from "../limits.ts";
import { Counter, FleetId, Sha256, Timestamp, UnixMs } from "../units.ts";

/** One entry of the audit log, as it is stored and hashed (protocol.md 9.2). */
export const AuditEvent = z.object({
  /** From 1, without a gap. */
  seq: z.int().min(1),
  atMs: UnixMs,
  /** Who did it: `key:<id>`, `oidc:<subject>`, `local`, `device:<id>`, `system`. */
  actor: z.string(),
  /** `noun.verb` in the past tense, like `claim.created`. */
  action: z.string(),
  /** What it happened to, like `device:cam-0017`. */
  subject: z.string(),
  /** JSON text. A text, because its very bytes are hashed. */
  detail: z.string(),
  /** `hash` of the entry before; 64 zeros for the first. */
  previousHash: Sha256,
  hash: Sha256,
});
export type AuditEvent = z.infer<typeof AuditEvent>;

/** A signed statement that the log had this hash at this entry; `envelope` is its DSSE envelope in base64. */
export const AuditCheckpointRecord = z.object({
  seq: z.int().min(1),
  envelope: z.base64(),
});
export type AuditCheckpointRecord = z.infer<typeof AuditCheckpointRecord>;

/** `GET /v1/audit?after=&count=`: entries above `after`, and the checkpoints among them. */
export const AuditPage = z.object({
  events: z.array(AuditEvent),
  checkpoints: z.array(AuditCheckpointRecord),
  /** Ask for more with this `after`; null when there was no more. */
  next: Counter.nullable(),
});
export type AuditPage = z.infer<typeof AuditPage>;

/** `GET /v1/audit?after=&count=`. */
export const AuditQuery = z.object({
  after: z.coerce.number<string>().int().min(0).default(0),
  count: z.coerce.number<string>().int().min(1).max(auditLimits.pageEventsMax).default(100),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** A line of an export: entries in their order, each checkpoint after the entry it covers. */
export const AuditRecord = z.discriminatedUnion("kind", [
  AuditEvent.extend({ kind: z.literal("event") }),
  AuditCheckpointRecord.extend({ kind: z.literal("checkpoint") }),
]);
export type AuditRecord = z.infer<typeof AuditRecord>;

/** What a checkpoint signs (protocol.md 9.4). */
export const AuditCheckpoint = z.object({
  type: z.literal("audit-checkpoint"),
  spec: z.literal(1),
  fleet: FleetId,
  seq: z.int().min(1),
  hash: Sha256,
  /** SHA-256 of the payload of the checkpoint before; null in the first. */
  previous: Sha256.nullable(),
  issuedAt: Timestamp,
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;
