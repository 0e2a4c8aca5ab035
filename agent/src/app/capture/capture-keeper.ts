import {
  captureLimits,
  type DeviceId,
  type OutputProfile,
  type ReleaseDocument,
  type Sha256,
  type SlotName,
} from "@modelfleet/protocol";
import type { CaptureStatus } from "../../domain/agent-status.ts";
import { captureOf } from "../../domain/capture/capture-of.ts";
import { allows, type CaptureConsent } from "../../domain/capture/consent.ts";
import { isWanted } from "../../domain/capture/wanted.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { Tensor } from "../../domain/tensor.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { Wake } from "../install/wake.ts";
import { sweepCaptures } from "./capture-sweep.ts";
import { CaptureWriter, type WantedCapture, type Written } from "./capture-writer.ts";

export interface CaptureParts {
  readonly device: DeviceId;
  readonly store: CaptureStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Outputs of a release that classify. */
  readonly outputsOf: (release: Sha256) => readonly OutputProfile[];
  readonly isDrifting: (slot: SlotName, release: Sha256) => boolean;
}

/** One request, as the router tells it. */
export interface SeenRequest {
  readonly slot: SlotName;
  readonly staged: { readonly release: Sha256; readonly document: ReleaseDocument };
  readonly id?: string | undefined;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[] | undefined;
}

/**
 * Keeps requests for whoever trains the next release (protocol.md 10.1, 10.2). Nothing is looked at, let alone kept, unless the
 * signed release asks for it and the people of the device allow it. An answer waits for none of this: what is wanted goes
 * into a bounded line, and what finds it full is counted.
 */
export class CaptureKeeper {
  readonly #parts: CaptureParts;
  readonly #writer: CaptureWriter;
  readonly #wake: Wake;
  #consent: CaptureConsent | null = null;
  #sweepAtMs = Number.NEGATIVE_INFINITY;
  #line: WantedCapture[] = [];
  #lineBytes = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #kept = 0;
  #dropped = 0;
  #files = 0;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
    this.#writer = new CaptureWriter(parts);
    this.#wake = new Wake(parts.clock);
  }

  observe(request: SeenRequest): void {
    const policy = request.staged.document.drift?.capture;
    if (policy === undefined || !allows(this.#consent, policy.id)) return;
    const { slot, staged, outputs } = request;
    if (outputs === undefined) return;
    const { device, clock, outputsOf, isDrifting } = this.#parts;
    const facts = {
      profile: outputsOf(staged.release),
      outputs,
      chance: clock.chance(),
      isDrifting: isDrifting(slot, staged.release),
    };
    if (!isWanted(policy, facts)) return;
    const { id } = request;
    const whole = { device, slot, staged, id, inputs: request.inputs, outputs };
    this.#enqueue({ policy, capture: captureOf(policy, { ...whole, atMs: clock.nowMs() }) });
  }

  status(): CaptureStatus {
    const [consent, kept, dropped, files] = [this.#consent, this.#kept, this.#dropped, this.#files];
    return { consent, kept, dropped, files };
  }

  /** Until the signal aborts; then what waits is given up. */
  async run(signal: AbortSignal): Promise<void> {
    let lookAtMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const nowMs = this.#parts.clock.monotonicMs();
      if (nowMs >= lookAtMs) {
        lookAtMs = nowMs + captureLimits.lookMs;
        await this.#look();
      }
      await this.#work(signal);
      await this.#wake.listen(signal, Math.max(0, lookAtMs - this.#parts.clock.monotonicMs()));
    }
  }

  #enqueue(wanted: WantedCapture): void {
    const bytes = bytesOf(wanted);
    const isOver =
      bytes > captureLimits.recordBytesMax ||
      this.#line.length >= captureLimits.pendingMax ||
      this.#lineBytes + bytes > captureLimits.pendingBytesMax ||
      this.#files + this.#line.length >= captureLimits.filesMax ||
      this.#parts.clock.monotonicMs() < this.#pausedUntilMs ||
      !this.#writer.mayFit(wanted);
    if (isOver) {
      this.#dropped += 1;
      return;
    }
    this.#line.push(alone(wanted));
    this.#lineBytes += bytes;
    this.#wake.ring();
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (signal.aborted) return;
      this.#note(await this.#writer.write(next));
    }
  }

  #next(): WantedCapture | undefined {
    const next = this.#line.shift();
    if (next !== undefined) this.#lineBytes -= bytesOf(next);
    return next;
  }

  #note(written: Written): void {
    if (written === "kept") {
      this.#kept += 1;
      this.#files += 1;
      return;
    }
    this.#dropped += 1;
    if (written === "no-consent") {
      // Until the next look says what is allowed, and removes what is not.
      this.#consent = null;
      this.#sweepAtMs = Number.NEGATIVE_INFINITY;
    } else if (written !== "quota") {
      this.#pause(written);
    }
  }

  /** A disk that is full or broken is not asked again at once; those who are served do not notice. */
  #pause(why: Exclude<Written, "kept" | "no-consent" | "quota">): void {
    const { clock, log } = this.#parts;
    this.#pausedUntilMs = clock.monotonicMs() + captureLimits.diskPauseMs;
    this.#dropped += this.#line.length;
    this.#line = [];
    this.#lineBytes = 0;
    const reason = typeof why === "string" ? reasons[why] : why.failed.message;
    const { diskPauseMs } = captureLimits;
    log.warn({ event: "capture.paused", reason, pauseMs: diskPauseMs }, "nothing is captured");
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#parts;
    try {
      const consent = await store.consent();
      const isChanged = JSON.stringify(consent) !== JSON.stringify(this.#consent);
      this.#consent = consent;
      if (isChanged || clock.monotonicMs() >= this.#sweepAtMs) await this.#sweep(consent);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      // Whether anybody consents is not known now: then nobody does, and the next look sweeps.
      this.#consent = null;
      this.#sweepAtMs = Number.NEGATIVE_INFINITY;
    }
  }

  async #sweep(consent: CaptureConsent | null): Promise<void> {
    const { store, clock, log } = this.#parts;
    const { withdrawn, left } = await sweepCaptures(store, consent, clock.nowMs());
    this.#files = left;
    this.#sweepAtMs = clock.monotonicMs() + captureLimits.sweepMs;
    if (withdrawn === 0) return;
    log.info({ event: "capture.withdrawn", removed: withdrawn }, "captures were removed");
  }
}

const reasons = {
  "no-room": `expected ${captureLimits.freeBytesMin} bytes of the disk to stay free`,
  recipient: "expected an X25519 public key of 32 bytes as the recipient of the policy",
} as const;

/** A piece of a large body would hold all of it for as long as it waits; what was left out of it too. */
function alone({ policy, capture: { header, tensors } }: WantedCapture): WantedCapture {
  const own = tensors.map((bytes) => {
    const isPiece = bytes.buffer.byteLength > 2 * bytes.length + captureLimits.pieceBytes;
    return isPiece ? Uint8Array.from(bytes) : bytes;
  });
  return { policy, capture: { header, tensors: own } };
}

function bytesOf({ capture: { tensors } }: WantedCapture): number {
  return tensors.reduce((sum, { length }) => sum + length, 0);
}
