import {
  AuditCheckpoint,
  auditLimits,
  type CodedError,
  decodeEnvelope,
  encodePayload,
  formatTimestamp,
  isCodedError,
  openEnvelope,
  payloadTypes,
  roleOf,
  sha256,
  signEnvelopeWith,
} from "@modelfleet/protocol";
import { isCheckpointDue } from "../../domain/audit/checkpoint-due.ts";
import type { AuditLog, StoredCheckpoint } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { Keys } from "../../ports/keys.ts";

export interface CheckpointAuditPorts {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly log: EventLog;
}

type Newest = NonNullable<Awaited<ReturnType<AuditLog["newest"]>>>;

/** Signs where the audit log stands, at start and stop and now and then (protocol.md 9.4). */
export class CheckpointAudit implements AsyncDisposable {
  readonly #ports: CheckpointAuditPorts;
  #timer: Disposable | undefined;

  constructor(ports: CheckpointAuditPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(auditLimits.checkpointLookMs, () => this.run("due"));
  }

  /** @param when only where it is due, or for everything that is not covered yet */
  async run(when: "due" | "now"): Promise<void> {
    try {
      await this.#run(when);
    } catch (error) {
      // A key that cannot sign now, a full disk: the next look tries again.
      if (!isCodedError(error)) throw error;
      this.#warn(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.run("now");
  }

  async #run(when: "due" | "now"): Promise<void> {
    const { audit, clock } = this.#ports;
    const [newest, before] = [await audit.newest(), await audit.newestCheckpoint()];
    const coveredSeq = before?.seq ?? 0;
    if (newest === undefined || newest.seq <= coveredSeq) return;
    const facts = { seq: newest.seq, coveredSeq, coveredAtMs: before?.atMs ?? 0 };
    if (when === "due" && !isCheckpointDue({ ...facts, nowMs: clock.nowMs() })) return;
    await this.#sign(newest, before);
  }

  async #sign({ seq, hash }: Newest, before: StoredCheckpoint | undefined): Promise<void> {
    const { audit, clock, keys, log } = this.#ports;
    const [root, atMs] = [keys.root(), clock.nowMs()];
    const checkpoint = AuditCheckpoint.parse({
      type: "audit-checkpoint",
      spec: 1,
      fleet: root.document.fleet,
      seq,
      hash,
      previous: before === undefined ? null : sha256(decodeEnvelope(before.envelope).payload),
      issuedAt: formatTimestamp(atMs),
    });
    const type = payloadTypes.auditCheckpoint;
    const envelope = await signEnvelopeWith(type, encodePayload(checkpoint), [keys.online()]);
    // trust.md 2: a fresh signature is verified by the other implementation before anybody sees it.
    openEnvelope(envelope, type, roleOf(root, "online"));
    const isNewest = await audit.addCheckpoint({ seq, envelope, atMs }, before?.seq ?? 0);
    if (isNewest) log.info({ event: "audit.checkpoint", seq, hash }, "audit log signed");
  }

  #warn({ code, message }: CodedError<string>): void {
    const event = { event: "audit.checkpoint-missing", code, reason: message };
    this.#ports.log.error(event, "the audit log could not be signed; the next look tries again");
  }
}
