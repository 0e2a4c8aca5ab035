import {
  type DeviceId,
  encodeBatch,
  encodeSignedBatch,
  type FeedbackWindow,
  type OutputProfile,
  ReferenceProfile,
  type ReleaseDocument,
  type Sha256,
  type Signer,
  type SlotName,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { tensorsNamedBy } from "../domain/telemetry/sketch-set.ts";
import { createWindowBatcher, type WindowBatcher } from "../domain/telemetry/window-batcher.ts";
import { createWindowRecorder, type WindowRecorder } from "../domain/telemetry/window-recorder.ts";
import type { Tensor } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { StagedRelease } from "../ports/runner-host.ts";
import type { StateRecord } from "./install/state-record.ts";

export interface TelemetryParts {
  readonly device: DeviceId;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly record: StateRecord;
  readonly clock: Clock;
  readonly log: Log;
  readonly windowMs: number;
  /** A JSON file of a release; it has its signed digest already. */
  readonly readJson: (path: string) => Promise<unknown>;
  /** Something is in the outbox. */
  readonly stored: () => void;
}

/** One answered or failed request, as the router tells it. */
export interface RequestOutcome {
  readonly slot: SlotName;
  readonly staged: { readonly release: Sha256; readonly document: ReleaseDocument };
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[] | undefined;
  readonly latencyUs: number;
  readonly errorCode?: string;
}

const FEEDBACK_MAX = telemetryLimits.feedbackPerBatchMax;

interface Profile {
  readonly reference: ReferenceProfile;
  readonly digest: Sha256;
  /** Names of the tensors it reads. */
  readonly tensors: readonly string[];
}

interface Recording {
  readonly slot: SlotName;
  readonly release: Sha256;
  readonly recorder: WindowRecorder;
}

/** Measures what is answered, window by window, and puts closed windows into the outbox (telemetry.md 2). */
export class TelemetrySpool {
  readonly #parts: TelemetryParts;
  readonly #batcher: WindowBatcher = createWindowBatcher();
  readonly #profiles = new Map<Sha256, Profile>();
  #recordings: Recording[] = [];
  #waiting = 0;
  #feedback: FeedbackWindow[] = [];

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
  }

  /** Read the reference profile of a release before it answers. */
  async prepare({ release, document, files }: StagedRelease): Promise<void> {
    const label = document.drift?.baseline;
    const path = label === undefined ? undefined : files.get(label);
    const digest = document.files.find((file) => file.path === label)?.sha256;
    if (path === undefined || digest === undefined) return;
    const parsed = ReferenceProfile.safeParse(await this.#parts.readJson(path));
    if (parsed.success) {
      const tensors = tensorsNamedBy(parsed.data);
      this.#profiles.set(release, { reference: parsed.data, digest, tensors });
    } else
      this.#parts.log.warn({ event: "profile.unreadable", release }, "no sketches: bad profile");
  }

  /** Names of the tensors it reads of this release. */
  tensorsOf(release: Sha256): readonly string[] {
    return this.#profiles.get(release)?.tensors ?? [];
  }

  /** What of its answers is told apart by class. */
  outputsOf(release: Sha256): readonly OutputProfile[] {
    return this.#profiles.get(release)?.reference.outputs ?? [];
  }

  observe(outcome: RequestOutcome): void {
    const { clock, record } = this.#parts;
    const nowMs = clock.nowMs();
    this.#recorder(outcome.slot, outcome.staged.release, nowMs).observe({
      inputs: outcome.inputs,
      outputs: outcome.outputs ?? [],
      latencyUs: outcome.latencyUs,
      ...(outcome.errorCode === undefined ? {} : { errorCode: outcome.errorCode }),
      nowMs,
      clockSynced: nowMs >= record.current().timeFloorMs,
    });
  }

  /** Labels that came; with the next batch. */
  tell(feedback: FeedbackWindow): void {
    this.#feedback.push(feedback);
    this.#waiting += 1;
  }

  /** Until the signal aborts; then what is open is closed and stored too. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(telemetryLimits.windowMsMin, signal).catch(() => undefined);
      for (const { recorder } of this.#recordings) recorder.tick(clock.nowMs());
      await this.#store();
    }
    for (const { recorder } of this.#recordings) recorder.close(clock.nowMs());
    await this.#store();
  }

  #recorder(slot: SlotName, release: Sha256, nowMs: number): WindowRecorder {
    const known = this.#recordings.find((held) => held.slot === slot && held.release === release);
    if (known !== undefined) return known.recorder;
    const ofSlot = this.#recordings.filter((held) => held.slot === slot);
    for (const { recorder } of ofSlot) recorder.close(nowMs);
    const recorder = createWindowRecorder({
      slot,
      release,
      profile: this.#profiles.get(release) ?? null,
      windowMs: this.#parts.windowMs,
      onClosed: (window) => this.#add(window),
    });
    const latest = ofSlot.at(-1);
    // The release before may still finish requests; older ones have none.
    this.#recordings = this.#recordings.filter((held) => held.slot !== slot || held === latest);
    this.#recordings.push({ slot, release, recorder });
    return recorder;
  }

  #add(window: TelemetryWindow): void {
    this.#batcher.add(window);
    this.#waiting += 1;
  }

  async #store(): Promise<void> {
    const { device, outbox, signer, stored, log } = this.#parts;
    while (this.#waiting > 0) {
      const windows = this.#batcher.take();
      const feedback = windows.length === 0 ? this.#feedback.splice(0, FEEDBACK_MAX) : [];
      if (windows.length + feedback.length === 0) break;
      const dropped = outbox.dropped() + this.#batcher.lost();
      try {
        await outbox.put("tele", (place) =>
          encodeSignedBatch(signer, encodeBatch({ device, ...place, dropped, windows, feedback })),
        );
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : "an unknown failure";
        log.error(
          { event: "telemetry.lost", windows: windows.length, reason },
          "windows were lost",
        );
      }
      stored();
    }
    this.#waiting = 0;
  }
}
