import {
  type BitSource,
  type FeedbackWindow,
  type OutputProfile,
  ReferenceProfile,
  type ReleaseDocument,
  type Sha256,
  type SlotName,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { bitsFrom } from "../domain/telemetry/counters/random-bits.ts";
import {
  discreteLaplace,
  type UniformSource,
  uniformFrom,
} from "../domain/telemetry/privacy/discrete-laplace.ts";
import { histogramsOf, type SketchPrivacy } from "../domain/telemetry/privacy/guard-sketches.ts";
import { type PrivacySpent, spend } from "../domain/telemetry/privacy/privacy-account.ts";
import { tensorsNamedBy } from "../domain/telemetry/windows/sketch-set.ts";
import {
  createWindowRecorder,
  type WindowRecorder,
} from "../domain/telemetry/windows/window-recorder.ts";
import type { Tensor } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { StagedRelease } from "../ports/runner-host.ts";
import type { StateRecord } from "./install/state-record.ts";
import type { WindowForwarder } from "./window-forwarder.ts";

export interface TelemetryParts {
  readonly forwarder: Pick<WindowForwarder, "open" | "add" | "tell" | "step">;
  readonly record: StateRecord;
  readonly clock: Clock;
  readonly log: Log;
  readonly windowMs: number;
  /** A JSON file of a release; it has its signed digest already. */
  readonly readJson: (path: string) => Promise<unknown>;
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

interface Profile {
  readonly reference: ReferenceProfile;
  readonly digest: Sha256;
  /** Names of the tensors it reads. */
  readonly tensors: readonly string[];
  /** What its signed release lets out. */
  readonly privacy: SketchPrivacy;
}

interface Recording {
  readonly slot: SlotName;
  readonly release: Sha256;
  readonly recorder: WindowRecorder;
}

/** Measures what is answered, window by window, and hands closed windows on (telemetry.md 2). */
export class TelemetrySpool {
  readonly #parts: TelemetryParts;
  readonly #uniform: UniformSource;
  readonly #nextBit: BitSource;
  readonly #profiles = new Map<Sha256, Profile>();
  #recordings: Recording[] = [];
  #spent: PrivacySpent | null = null;

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
    this.#uniform = uniformFrom(parts.clock.randomBytes);
    this.#nextBit = bitsFrom(parts.clock.randomBytes);
  }

  /** Read the reference profile of a release before it answers. */
  async prepare({ release, document, files }: StagedRelease): Promise<void> {
    const label = document.drift?.baseline;
    const path = label === undefined ? undefined : files.get(label);
    const digest = document.files.find((file) => file.path === label)?.sha256;
    if (path === undefined || digest === undefined) return;
    const parsed = ReferenceProfile.safeParse(await this.#readOrNothing(path));
    if (!parsed.success) {
      this.#parts.log.warn({ event: "profile.unreadable", release }, "no sketches: bad profile");
      return;
    }
    const tensors = tensorsNamedBy(parsed.data);
    const privacy = this.#privacyOf(document);
    this.#profiles.delete(release);
    this.#profiles.set(release, { reference: parsed.data, digest, tensors, privacy });
    this.#forgetOldestProfile();
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
    this.#parts.forwarder.tell(feedback);
  }

  /** What noise has left to tell of the day; null where no release asks for noise. */
  privacySpent(): PrivacySpent | null {
    return this.#spent;
  }

  /** Before anything of the outbox is sent: what the last start left in two places is put right. */
  open(): Promise<void> {
    return this.#parts.forwarder.open();
  }

  /** Until the signal aborts; then what is open is closed and stored too. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, forwarder } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(telemetryLimits.windowMsMin, signal).catch(() => undefined);
      for (const { recorder } of this.#recordings) recorder.tick(clock.nowMs());
      await forwarder.step();
    }
    for (const { recorder } of this.#recordings) recorder.close(clock.nowMs());
    await forwarder.step();
  }

  /** A release whose profile is too large, or on a part of the disk that cannot be read, answers all the same. */
  async #readOrNothing(path: string): Promise<unknown> {
    return this.#parts.readJson(path).catch(() => undefined);
  }

  /** Of those that no open window needs. */
  #forgetOldestProfile(): void {
    if (this.#profiles.size <= telemetryLimits.profilesHeldMax) return;
    const measured = new Set(this.#recordings.map(({ release }) => release));
    const oldest = [...this.#profiles.keys()].find((release) => !measured.has(release));
    if (oldest !== undefined) this.#profiles.delete(oldest);
  }

  #recorder(slot: SlotName, release: Sha256, nowMs: number): WindowRecorder {
    const known = this.#recordings.find((held) => held.slot === slot && held.release === release);
    if (known !== undefined) return known.recorder;
    const ofSlot = this.#recordings.filter((held) => held.slot === slot);
    for (const { recorder } of ofSlot) recorder.close(nowMs);
    const profile = this.#profiles.get(release) ?? null;
    const histograms = profile === null ? 0 : histogramsOf(profile.reference);
    const recorder = createWindowRecorder({
      slot,
      release,
      profile,
      windowMs: this.#parts.windowMs,
      ...(profile === null ? {} : { privacy: profile.privacy, nextBit: this.#nextBit }),
      onClosed: (window) => this.#add(window, histograms),
    });
    const latest = ofSlot.at(-1);
    // The release before may still finish requests; older ones have none.
    this.#recordings = this.#recordings.filter((held) => held.slot !== slot || held === latest);
    this.#recordings.push({ slot, release, recorder });
    return recorder;
  }

  #add(window: TelemetryWindow, histograms: number): void {
    const { epsilon } = window;
    if (epsilon !== null) this.#spent = spend(this.#spent, { ...window, epsilon, histograms });
    this.#parts.forwarder.add(window);
  }

  #privacyOf({ drift }: ReleaseDocument): SketchPrivacy {
    const { epsilon, privacy } = drift ?? {};
    const draw = (hidden: number) => discreteLaplace(hidden, this.#uniform);
    const noise = epsilon === undefined ? null : { epsilon, draw: () => draw(epsilon) };
    return { isStrict: privacy === "strict", noise };
  }
}
