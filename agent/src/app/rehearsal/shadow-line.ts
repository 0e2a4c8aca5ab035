import { rehearsalLimits, type ShadowPolicy, serveLimits } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";
import { compareOutputs } from "../../domain/rehearsal/compare-outputs.ts";
import { createShadowCounts, type ShadowFigures } from "../../domain/rehearsal/shadow-counts.ts";
import type { Observation } from "../../domain/serving/routed-model.ts";
import { spread } from "../../domain/serving/spread.ts";
import type { Tensor } from "../../domain/tensor.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";

export interface ShadowLineParts {
  readonly model: LoadedModel;
  readonly policy: ShadowPolicy;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  /** One more answer was compared, or failed to come. */
  readonly compared: () => void;
}

interface Copied {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly liveUs: number;
  readonly heldBytes: number;
}

/** Between two answers, and before the first: what the live requests have to do comes first. */
const pauseMs = 1;
/** It runs on what processor time is left over, so only its runner's own watch says that it hangs. */
const askMsMax = serveLimits.requestMsMax;

/**
 * Live requests, copied for a release that does not answer yet (agent.md 5).
 *
 * 1. A share of them is copied, in no rhythm that cameras could fall in with. Where the queue is full the copy is dropped and counted.
 * 2. A copy holds on to the tensors and copies no byte: nobody writes into the bytes of a tensor once it was read.
 * 3. The shadow is asked one request at a time, never within the turn that answers a live one.
 * 4. Only figures are kept of what is compared.
 */
export class ShadowLine {
  readonly #parts: ShadowLineParts;
  readonly #ranked: ReadonlySet<string>;
  readonly #counts = createShadowCounts();
  readonly #ended = new AbortController();
  readonly #queue: Copied[] = [];
  #queuedBytes = 0;
  #seen = 0;
  #dropped = 0;
  #asked = 0;
  #isBusy = false;

  constructor(parts: ShadowLineParts) {
    this.#parts = parts;
    this.#ranked = new Set(parts.model.golden.ranked ?? []);
  }

  figures(): ShadowFigures {
    return this.#counts.figures();
  }

  dropped(): number {
    return this.#dropped;
  }

  /** Copies an answered live request, if it is one of the share. */
  offer({ inputs, outputs, latencyUs }: Observation<LoadedModel>): void {
    if (outputs === undefined || this.#ended.signal.aborted) return;
    const isChosen = spread(this.#seen) * 100 < this.#parts.policy.sharePercent;
    this.#seen += 1;
    if (!isChosen) return;
    const heldBytes = bytesHeld(inputs) + bytesHeld(outputs);
    if (!this.#hasRoom(heldBytes)) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push({ inputs, outputs, liveUs: latencyUs, heldBytes });
    this.#queuedBytes += heldBytes;
    if (!this.#isBusy) void this.#work();
  }

  /** Takes no more; what waits is dropped. */
  end(): void {
    this.#ended.abort();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  #hasRoom(bytes: number): boolean {
    const { shadowQueueMax, shadowQueueBytesMax } = rehearsalLimits;
    if (this.#queue.length === 0) return true;
    const isBelow = this.#queue.length < shadowQueueMax;
    return isBelow && this.#queuedBytes + bytes <= shadowQueueBytesMax;
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (!this.#ended.signal.aborted) {
      const isEnded = await this.#parts.clock.sleep(pauseMs, this.#ended.signal).then(
        () => false,
        () => true,
      );
      const next = isEnded ? undefined : this.#queue.shift();
      if (next === undefined) break;
      this.#queuedBytes -= next.heldBytes;
      await this.#compare(next);
    }
    this.#isBusy = false;
  }

  async #compare({ inputs, outputs, liveUs }: Copied): Promise<void> {
    const { model, clock } = this.#parts;
    const known = model.outputs.map(({ name }) => name);
    const wanted = outputs.map(({ name }) => name).filter((name) => known.includes(name));
    if (wanted.length === 0) return;
    const turn = this.#asked++;
    const beganMs = clock.monotonicMs();
    try {
      const answer = await model.infer(inputs, { outputs: wanted, timeoutMs: askMsMax });
      const shadowUs = (clock.monotonicMs() - beganMs) * 1_000;
      if (this.#ended.signal.aborted) return;
      const compared = compareOutputs(outputs, answer, { ranked: this.#ranked, turn });
      this.#counts.add({ ...compared, liveUs, shadowUs });
    } catch (cause) {
      if (this.#ended.signal.aborted) return;
      // What a release on trial answers must not end the agent, whatever it is.
      const reason = cause instanceof Error ? cause.message : "an unknown failure";
      const isDeath = cause instanceof InferError && cause.code === "RUNNER_CRASH";
      // Its end is told by itself, with its reason.
      if (!isDeath) this.#counts.addFailure(reason);
    }
    this.#parts.compared();
  }
}

/** What stays in memory for these tensors: whole buffers, of which they may be a small part. */
function bytesHeld(tensors: readonly Tensor[]): number {
  const buffers = new Set(tensors.map(({ bytes }) => bytes.buffer));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
