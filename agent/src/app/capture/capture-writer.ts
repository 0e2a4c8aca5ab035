import {
  type Capture,
  type CapturePolicy,
  captureLimits,
  decodeBase64,
  isCodedError,
  sealCapture,
  sealedCaptureBytes,
  x25519KeyBytes,
} from "@modelfleet/protocol";
import { captureName } from "../../domain/capture/capture-name.ts";
import { allows } from "../../domain/capture/consent.ts";
import { type DayLedger, fullLedger, spend } from "../../domain/capture/day-ledger.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";
import type { Clock } from "../../ports/clock.ts";

export interface CaptureWriterParts {
  readonly store: CaptureStore;
  readonly clock: Clock;
}

/** One request that is to be kept, and under which policy. */
export interface WantedCapture {
  readonly policy: CapturePolicy;
  readonly capture: Capture;
}

/** What became of it: `kept`, or why not. */
export type Written =
  | "kept"
  | "no-consent"
  | "quota"
  | "no-room"
  | "recipient"
  | { readonly failed: StoreError };

/**
 * Puts captures on disk. The rules (telemetry.md 2.8):
 *
 * 1. The consent is read again before each, and after it: what was withdrawn meanwhile leaves nothing behind.
 * 2. The day's bytes are on disk before the capture is: a power cut may cost some of the quota and never adds to it.
 * 3. `captureLimits.freeBytesMin` of the disk are left free.
 * 4. Requests have their turn between the pieces of a long one.
 */
export class CaptureWriter {
  readonly #parts: CaptureWriterParts;
  #ledger: DayLedger | undefined;

  constructor(parts: CaptureWriterParts) {
    this.#parts = parts;
  }

  async write(wanted: WantedCapture): Promise<Written> {
    try {
      return await this.#write(wanted);
    } catch (cause) {
      if (cause instanceof StoreError) return { failed: cause };
      // A recipient's key that is none stands in a signed release, and is no defect of ours.
      if (isCodedError(cause)) return "recipient";
      throw cause;
    }
  }

  /** Whether the day's bytes may allow it, as far as the ledger was read: a day that is spent costs no more work. */
  mayFit({ policy, capture }: WantedCapture): boolean {
    if (this.#ledger === undefined) return true;
    const { id, bytesPerDayMax } = policy;
    const asked = { policy: id, bytes: sealedCaptureBytes(capture), bytesPerDayMax };
    return spend(this.#ledger, asked, this.#parts.clock.nowMs()) !== null;
  }

  async #write({ policy, capture }: WantedCapture): Promise<Written> {
    const { store, clock } = this.#parts;
    const { id, bytesPerDayMax, keepMs } = policy;
    const bytes = sealedCaptureBytes(capture);
    if (!allows(await store.consent(), id)) return "no-consent";
    const recipient = decodeBase64(policy.recipient);
    if (recipient?.length !== x25519KeyBytes) return "recipient";
    if ((await store.freeBytes()) < captureLimits.freeBytesMin + bytes) return "no-room";
    const nowMs = clock.nowMs();
    const spent = spend(await this.#currentLedger(), { policy: id, bytes, bytesPerDayMax }, nowMs);
    if (spent === null) return "quota";
    const file = await this.#seal(capture, recipient);
    await store.keepLedger(spent);
    this.#ledger = spent;
    const serial = Buffer.from(clock.randomBytes(8)).toString("hex");
    const stored = { policy: id, name: captureName({ atMs: nowMs, keepMs, serial }) };
    await store.put(stored, file);
    if (allows(await store.consent(), id)) return "kept";
    await store.remove(stored);
    return "no-consent";
  }

  async #currentLedger(): Promise<DayLedger> {
    const { store, clock } = this.#parts;
    const found = this.#ledger ?? (await store.ledger()) ?? fullLedger(clock.nowMs());
    this.#ledger = found;
    return found;
  }

  async #seal(capture: Capture, recipient: Uint8Array): Promise<Uint8Array> {
    const { clock } = this.#parts;
    const ephemeralSecret = clock.randomBytes(32);
    const pieces: Uint8Array[] = [];
    for (const piece of sealCapture(capture, { recipient, ephemeralSecret })) {
      pieces.push(piece);
      await clock.turn();
    }
    return Buffer.concat(pieces);
  }
}
