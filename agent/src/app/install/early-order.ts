import { busLimits, type VerifyCode } from "@modelfleet/protocol";
import { type Peeking, seqButForNonce } from "./peek-desired.ts";

/**
 * The newest order that came before the answer to the hello which would have made it followable (protocol.md 4.9): on a
 * first boot, or under a new online key. It is believed in everything but its freshness, and judged again from the start
 * when the answer has been accepted; else the device would learn of it with its next hello, half a minute later.
 */
export class EarlyOrder {
  readonly #parts: Peeking;
  #kept: { readonly bytes: Uint8Array; readonly seq: number } | undefined;

  constructor(parts: Peeking) {
    this.#parts = parts;
  }

  /** @param refusal why the document is not to be followed now; undefined when it is */
  keepIf(refusal: VerifyCode | undefined, bytes: Uint8Array): void {
    if (refusal !== "NOT_FRESH" || bytes.length > busLimits.desiredBytesMax) return;
    const seq = seqButForNonce(this.#parts, bytes);
    if (seq === undefined || seq <= (this.#kept?.seq ?? 0)) return;
    this.#kept = { bytes, seq };
  }

  /** What to judge again now that a document was accepted; undefined when that one was newer. */
  take(): Uint8Array | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    return kept !== undefined && kept.seq >= this.#parts.record.current().seq
      ? kept.bytes
      : undefined;
  }

  /** Under another root the controller answers a new hello with something newer. */
  forget(): void {
    this.#kept = undefined;
  }
}
