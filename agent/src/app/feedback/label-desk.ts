import {
  type FeedbackWindow,
  feedbackLimits,
  type OutputProfile,
  type ReleaseDocument,
  type Sha256,
  type SlotName,
  telemetryLimits,
} from "@modelfleet/protocol";
import type { LabelStatus } from "../../domain/agent-status.ts";
import { type LabelAnswer, ReleaseLabels } from "../../domain/feedback/release-labels.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import type { Tensor } from "../../domain/tensor.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GivenLabels, LabelTaker } from "../../ports/label-taker.ts";
import type { Log } from "../../ports/log.ts";

export interface LabelDeskParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Length of the windows predictions are counted in. */
  readonly windowMs: number;
  /** Outputs of a release that classify, by its reference profile; none where it has none. */
  readonly outputsOf: (release: Sha256) => readonly OutputProfile[];
  /** Takes what is to be told to the controller. */
  readonly tell: (feedback: FeedbackWindow) => void;
}

/** One answered request, as the router tells it. */
export interface AnsweredRequest {
  readonly slot: SlotName;
  readonly staged: { readonly release: Sha256; readonly document: ReleaseDocument };
  readonly outputs: readonly Tensor[] | undefined;
  /** Absent: nobody can say anything about it later. */
  readonly id?: string | undefined;
}

/** Joins labels with the predictions they are for, and tells what they come to (telemetry.md 2.2). */
export class LabelDesk implements LabelTaker {
  readonly #parts: LabelDeskParts;
  /** By slot and release, the one asked last at the end. */
  readonly #releases = new Map<string, ReleaseLabels>();
  /** Multiple of the window's length in which the first increment that waits came; null: none waits. */
  #openIn: number | null = null;
  #isUrgent = false;

  constructor(parts: LabelDeskParts) {
    this.#parts = parts;
  }

  /** See the port. */
  takesLabels(release: Sha256): boolean {
    return this.#parts.outputsOf(release).length > 0;
  }

  observe({ slot, staged, outputs, id }: AnsweredRequest): void {
    if (id === undefined || outputs === undefined || !this.takesLabels(staged.release)) return;
    const { clock } = this.#parts;
    const moment = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    this.#labelsOf(slot, staged).remember(id, outputs, moment);
  }

  /** See the port. */
  give(asked: GivenLabels): LabelAnswer & { readonly version: string } {
    const { clock, log } = this.#parts;
    const monotonicMs = clock.monotonicMs();
    const { labels, prediction } = this.#find(asked, monotonicMs);
    const { model, version, release, slot } = labels.named;
    const answer = labels.label(prediction, asked.request, monotonicMs);
    const inWindow = Math.floor(clock.nowMs() / this.#parts.windowMs);
    if (labels.pending() > 0) this.#openIn ??= inWindow;
    if (answer.drift.length > 0) {
      this.#isUrgent = true;
      const fields = { event: "labels.drift", slot, model, version, release, drift: answer.drift };
      log.warn({ ...fields, output: answer.output }, "the errors of a release have changed");
    }
    return { ...answer, version };
  }

  /** Whether labels say that this release is not what it was. */
  isDrifting(slot: SlotName, release: Sha256): boolean {
    const labels = this.#releases.get(keyOf(slot, release));
    return labels?.isDrifting(this.#parts.clock.monotonicMs()) ?? false;
  }

  status(): readonly LabelStatus[] {
    const monotonicMs = this.#parts.clock.monotonicMs();
    return [...this.#releases.values()].map((labels) => {
      const { slot, release } = labels.named;
      return { slot, release, ...labels.totals(), isDrifting: labels.isDrifting(monotonicMs) };
    });
  }

  /** Tells what waits, until the signal aborts. What is left then is for `flush`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(telemetryLimits.windowMsMin, signal).catch(() => undefined);
      if (this.#isDue()) this.flush();
    }
  }

  /** Tells everything that waits, now. */
  flush(): void {
    for (const labels of this.#releases.values()) this.#tell(labels);
    this.#openIn = null;
    this.#isUrgent = false;
  }

  /** At the end of each window, so that labels cost the line no more than predictions do. */
  #isDue(): boolean {
    if (this.#openIn === null) return false;
    if (this.#isUrgent) return true;
    const pending = [...this.#releases.values()].reduce((sum, one) => sum + one.pending(), 0);
    if (pending >= feedbackLimits.windowsPendingMax) return true;
    return Math.floor(this.#parts.clock.nowMs() / this.#parts.windowMs) !== this.#openIn;
  }

  #tell(labels: ReleaseLabels): void {
    for (const feedback of labels.take()) this.#parts.tell(feedback);
  }

  #labelsOf(slot: SlotName, { release, document }: AnsweredRequest["staged"]): ReleaseLabels {
    const key = keyOf(slot, release);
    const { model, version } = document;
    const outputs = this.#parts.outputsOf(release);
    const known = this.#releases.get(key);
    const labels =
      known ?? new ReleaseLabels({ slot, release, model, version, outputs }, this.#parts.windowMs);
    this.#releases.delete(key);
    this.#releases.set(key, labels);
    this.#forgetOldest();
    return labels;
  }

  /** Nothing that was counted is lost with it. */
  #forgetOldest(): void {
    const [oldest] = this.#releases;
    if (oldest === undefined || this.#releases.size <= feedbackLimits.releasesMax) return;
    this.#tell(oldest[1]);
    this.#releases.delete(oldest[0]);
  }

  #find({ model, version, request: { id } }: GivenLabels, monotonicMs: number) {
    const found = [...this.#releases.values()]
      .flatMap((labels) => {
        const prediction = labels.find(id, monotonicMs);
        return prediction === undefined ? [] : [{ labels, prediction }];
      })
      .sort((left, right) => right.prediction.atMs - left.prediction.atMs);
    const meant = found.find(({ labels: { named } }) => isMeant({ model, version }, named));
    if (meant !== undefined) return meant;
    throw new RequestRefused("NOT_FOUND", notFound(id, found[0]?.labels.named));
  }
}

function keyOf(slot: SlotName, release: Sha256): string {
  return `${slot} ${release}`;
}

function isMeant(
  { model, version }: Pick<GivenLabels, "model" | "version">,
  named: ReleaseLabels["named"],
): boolean {
  return model === named.model && (version === undefined || version === named.version);
}

function notFound(id: string, other: ReleaseLabels["named"] | undefined): string {
  if (other !== undefined) {
    return `id: expected a prediction of this model and version, got one of ${other.model} ${other.version}`;
  }
  const { predictionsPerReleaseMax, predictionAgeMsMax } = feedbackLimits;
  const known = `of the last ${predictionsPerReleaseMax} of a release that has classes in its profile`;
  const days = predictionAgeMsMax / 86_400_000;
  return `id: expected that of a prediction ${known}, at most ${days} days old and made since the agent started, got ${id.slice(0, 64)}`;
}
