import type { Sha256 } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import type { WatchClock } from "./deadline-watch.ts";
import type { Attempt, Generation } from "./generation.ts";
import { refuseUnfit } from "./refuse-unfit.ts";
import type { Observation, RoutedAnswer, RoutedModel, RoutedRequest } from "./routed-model.ts";
import type { Sequence } from "./sequence.ts";
import type { ServingSlot } from "./serving-slot.ts";
import { withObserved } from "./with-observed.ts";

export interface AnsweringOptions<Model extends RoutedModel> {
  readonly clock: WatchClock;
  readonly observer: ((observation: Observation<Model>) => void) | undefined;
  readonly observed: (release: Sha256) => readonly string[];
  readonly queueMax: number;
  readonly recoverMsMax: number;
}

/** One request in its slot. */
interface Admitted<Model extends RoutedModel> {
  readonly slot: ServingSlot<Model>;
  readonly request: RoutedRequest;
  readonly sequence: Sequence<Model> | undefined;
  readonly askedAtMs: number;
  readonly deadlineMs: number;
}

/** Gets a request its answer, of the next generation where the one it was pinned to is gone. */
export class Answering<Model extends RoutedModel> {
  readonly #options: AnsweringOptions<Model>;

  constructor(options: AnsweringOptions<Model>) {
    this.#options = options;
  }

  /** @returns what rejects with an InferError */
  one(
    slot: ServingSlot<Model>,
    pinned: Generation<Model>,
    request: RoutedRequest,
  ): Promise<RoutedAnswer<Model>> {
    const askedAtMs = this.#options.clock.monotonicMs();
    const deadlineMs = askedAtMs + request.timeoutMs;
    const admitted = { slot, request, sequence: undefined, askedAtMs, deadlineMs };
    return this.#answerWhen(admitted, pinned);
  }

  /**
   * In its turn: the answer before decides what the model is asked.
   *
   * @throws InferError
   */
  async inSequence(slot: ServingSlot<Model>, request: RoutedRequest): Promise<RoutedAnswer<Model>> {
    const { sequence: place } = request;
    const sequence = place && slot.sequences.find(place, slot, request);
    if (sequence === undefined) throw notReady(request);
    const askedAtMs = this.#options.clock.monotonicMs();
    const deadlineMs = askedAtMs + request.timeoutMs;
    const admitted = { slot, request, sequence, askedAtMs, deadlineMs };
    const isFirst = sequence.pending === 0;
    const turn = sequence.takeTurn();
    sequence.pending += 1;
    try {
      if (!isFirst) await this.#awaitTurn(turn.begins, admitted.deadlineMs);
      const generation = slot.sequences.generationOf(sequence, slot, request);
      if (generation === undefined) throw notReady(request);
      const answer = await this.#answerWhen(admitted, generation);
      if (place?.isEnd === true) slot.sequences.close(place.id, sequence);
      return answer;
    } finally {
      sequence.pending -= 1;
      sequence.lastAtMs = this.#options.clock.monotonicMs();
      turn.over();
    }
  }

  #answerWhen(admitted: Admitted<Model>, pinned: Generation<Model>): Promise<RoutedAnswer<Model>> {
    const isAlive = pinned.isAlive();
    return isAlive ? this.#answer(admitted, pinned) : this.#answerStranded(admitted, pinned);
  }

  #tookMs({ askedAtMs }: Admitted<Model>): number {
    return this.#options.clock.monotonicMs() - askedAtMs;
  }

  async #awaitTurn(begins: Promise<void>, deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const alarm = new AbortController();
    const late = clock.sleep(Math.max(0, deadlineMs - clock.monotonicMs()), alarm.signal);
    const isLate = await Promise.race([
      begins.then(() => false),
      late.then(
        () => true,
        () => false,
      ),
    ]);
    alarm.abort();
    if (!isLate) return;
    throw new InferError(
      "DEADLINE_EXCEEDED",
      "expected an answer in time, but the request before it in its sequence has none yet",
    );
  }

  /** While nothing answers in the slot, no more wait for the next model than would wait for one that does. */
  async #answerStranded(
    admitted: Admitted<Model>,
    pinned: Generation<Model>,
  ): Promise<RoutedAnswer<Model>> {
    const { slot } = admitted;
    const { queueMax } = this.#options;
    if (slot.stranded >= queueMax) {
      slot.sums.rejected += 1;
      const text = `expected at most ${queueMax} requests that wait for a restart, got one more`;
      throw new InferError("OVERLOADED", text);
    }
    slot.stranded += 1;
    try {
      return await this.#answer(admitted, pinned);
    } finally {
      slot.stranded -= 1;
    }
  }

  async #answer(
    admitted: Admitted<Model>,
    pinned: Generation<Model>,
  ): Promise<RoutedAnswer<Model>> {
    const { request, sequence } = admitted;
    const first = await this.#attempt(admitted, pinned, false);
    const last = first.error === undefined ? first : await this.#again(admitted, first);
    const latencyMs = this.#tookMs(admitted);
    last.generation.count(last, latencyMs);
    this.#observe(request, last, latencyMs);
    if (last.error !== undefined) throw last.error;
    const { model } = last.generation;
    const isReset = sequence?.note(model, last.outputs) ?? false;
    const outputs = onlyWanted(last.outputs, request.outputs);
    return isReset ? { model, outputs, isSequenceReset: true } : { model, outputs };
  }

  /** Once more where it may have been the end of a runner; again and again while it was not even sent. */
  async #again(admitted: Admitted<Model>, first: Attempt<Model>): Promise<Attempt<Model>> {
    let last = first;
    let hasBeenSent = false;
    while (isWorthAnother(last, admitted.request) && !(hasBeenSent && last.wasSent)) {
      hasBeenSent ||= last.wasSent;
      const next = await this.#next(admitted, last.generation);
      if (next === undefined) return hasBeenSent ? last : unasked(admitted, last);
      if (last.wasSent) last.generation.countFailure();
      if (last.error.code === "RUN_FAILED")
        this.#observe(admitted.request, last, this.#tookMs(admitted));
      last = await this.#attempt(admitted, next, true);
    }
    return last;
  }

  #attempt(
    { slot, request, sequence, askedAtMs, deadlineMs }: Admitted<Model>,
    generation: Generation<Model>,
    isAgain: boolean,
  ): Promise<Attempt<Model>> {
    const { model } = generation;
    const whole = sequence?.enter(generation, request) ?? request;
    if (sequence !== undefined) slot.sequences.changed();
    refuseUnfit(model, whole);
    const observed = this.#options.observed(model.staged.release);
    const asked = withObserved(whole, model, observed);
    const { inputs, outputs = [] } = asked;
    const isUnwanted = sequence === undefined ? request.isUnwanted : undefined;
    return generation.attempt({ inputs, outputs, askedAtMs, deadlineMs, isAgain, isUnwanted });
  }

  /** The generation that followed, which may take a moment to come. */
  async #next(
    { slot, deadlineMs }: Admitted<Model>,
    failed: Generation<Model>,
  ): Promise<Generation<Model> | undefined> {
    const { clock, recoverMsMax } = this.#options;
    if (slot.current === failed) {
      await this.#waitForNext(slot, Math.min(recoverMsMax, deadlineMs - clock.monotonicMs()));
    }
    const next = slot.current;
    const isTooLate = deadlineMs <= clock.monotonicMs();
    return next === failed || isTooLate ? undefined : next;
  }

  async #waitForNext(slot: ServingSlot<Model>, waitMs: number): Promise<void> {
    if (waitMs <= 0) return;
    const alarm = new AbortController();
    await new Promise<void>((resolve) => {
      const wake = () => {
        slot.waiting.delete(wake);
        resolve();
      };
      slot.waiting.add(wake);
      void this.#options.clock.sleep(waitMs, alarm.signal).then(wake, wake);
    });
    alarm.abort();
  }

  #observe(request: RoutedRequest, last: Attempt<Model>, latencyMs: number): void {
    const { observer } = this.#options;
    if (observer === undefined) return;
    const { slot, inputs, id } = request;
    const { model, role } = last.generation;
    const { staged } = model;
    const latencyUs = latencyMs * 1_000;
    const observation = { slot, staged, role, id, inputs, outputs: last.outputs, latencyUs };
    const failure =
      last.error === undefined ? {} : { errorCode: last.error.code, isUnsent: !last.wasSent };
    try {
      observer({ ...observation, ...failure });
    } catch {
      // An answer is never lost to its telemetry; the observer reports its own faults.
      return;
    }
  }
}

export function notReady({ slot }: RoutedRequest): InferError {
  return new InferError("NOT_READY", `no model runs in slot ${slot}; deploy one`);
}

/** No model was asked, so none failed: whoever waited in vain for the next one hears that there is none yet. */
function unasked<Model extends RoutedModel>(
  { slot }: Admitted<Model>,
  last: Extract<Attempt<Model>, { readonly error: InferError }>,
): Attempt<Model> {
  const isLeft = slot.current !== undefined && slot.current !== last.generation;
  if (isLeft) return last;
  const text = `no model answers in slot ${slot.name} at the moment`;
  return { ...last, error: new InferError("NOT_READY", text) };
}

function onlyWanted(outputs: readonly Tensor[], wanted: readonly string[] = []): readonly Tensor[] {
  return wanted.length === 0 ? outputs : outputs.filter(({ name }) => wanted.includes(name));
}

/**
 * Inference is pure, so a request may be asked again when its process died or was given up; and when a canary failed at
 * it, for nobody asked for one.
 */
function isWorthAnother<Model extends RoutedModel>(
  last: Attempt<Model>,
  { role, release }: RoutedRequest,
): last is Extract<Attempt<Model>, { readonly error: InferError }> {
  // Whoever asks for the canary by name must not get the answer of another.
  if (role === "canary") return false;
  if (last.error?.code === "RUNNER_CRASH") return true;
  const isCanarys = last.generation.role === "canary" && release === undefined;
  return isCanarys && last.error?.code === "RUN_FAILED";
}
