import { localBusLimits } from "@modelfleet/protocol";
import type { BindingPlan, BoundTopic } from "../../domain/binding/binding-plan.ts";
import { type Elements, readPayload } from "../../domain/binding/read-payload.ts";
import { SlidingWindows } from "../../domain/binding/sliding-windows.ts";
import { matchFilter } from "../../domain/binding/topic-filter.ts";
import { fillTemplate } from "../../domain/binding/topic-template.ts";
import type { Loadable } from "../../domain/open-inference/find-served.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LocalAnswer, LocalBus, LocalMessage } from "../../ports/local-bus.ts";
import type { Log } from "../../ports/log.ts";
import { answerBound } from "./answer-bound.ts";
import { answerRequest, errorAnswer } from "./answer-request.ts";
import { FlowLimit, type LocalCounts } from "./flow-limit.ts";
import { errorPayload, isDropped, isLocalError, type LocalError } from "./local-error.ts";

export interface LocalBindingParts {
  readonly bus: LocalBus;
  readonly plan: BindingPlan;
  readonly loadable: Loadable;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Log;
}

/**
 * Models for programs of the device that only know MQTT (agent.md 7).
 *
 * 1. A request names its model in its topic, and is answered once: with the answer or with `{error, code}`.
 * 2. A message of an input topic is one input, or the newest part of one, and is answered at the output topic made of its
 *    own. One that cannot be answered is counted, told at the binding's errors topic, and now and then in the log.
 * 3. Nothing waits: without room, or without a broker, a message or its answer is dropped and counted. How requests wait
 *    for the model says its release.
 * 4. A retained message is an old one, and no news.
 */
export class LocalBinding {
  readonly #parts: LocalBindingParts;
  readonly #flow = new FlowLimit();
  readonly #windows: ReadonlyMap<BoundTopic, SlidingWindows>;
  readonly #counts: LocalCounts = { received: 0, answered: 0, dropped: 0, refused: 0 };
  readonly #toldAtMs = new Map<string, number>();

  constructor(parts: LocalBindingParts) {
    this.#parts = parts;
    this.#windows = new Map(
      parts.plan.bindings.flatMap((binding) => {
        const { window: size, every = 1 } = binding;
        return size === undefined ? [] : [[binding, new SlidingWindows({ size, every })]];
      }),
    );
  }

  run(signal: AbortSignal): Promise<void> {
    const { bus, plan } = this.#parts;
    return bus.run(plan.subscriptions, (message) => this.#receive(message), signal);
  }

  status(): Readonly<LocalCounts> & { readonly connected: boolean } {
    return { connected: this.#parts.bus.connected(), ...this.#counts };
  }

  #receive(message: LocalMessage): void {
    if (message.isRetained) return;
    const { requests, bindings } = this.#parts.plan;
    const [model] = (requests && matchFilter(requests.filter, message.topic)) ?? [];
    if (model !== undefined) this.#takeRequest(model, message);
    for (const binding of bindings) {
      const captured = matchFilter(binding.input, message.topic);
      if (captured !== undefined) this.#takeBound(binding, captured, message);
    }
  }

  #takeRequest(model: string, message: LocalMessage): void {
    const { plan, loadable } = this.#parts;
    const request = { model, message };
    const answer = async () => {
      refuseLarge(message);
      return answerRequest(plan, request, loadable);
    };
    this.#begin(message, {
      answer,
      errorAnswer: (error) => errorAnswer(plan, request, error),
      input: plan.requests?.filter.text ?? "",
    });
  }

  #takeBound(binding: BoundTopic, captured: readonly string[], message: LocalMessage): void {
    const { input, qos } = binding;
    const output = fillTemplate(binding.output, captured);
    const errors = binding.errors && fillTemplate(binding.errors, captured);
    const json = { qos, contentType: "application/json" } as const;
    const elementsOf = this.#elementsOf(binding, message);
    this.#begin(message, {
      answer: async () => {
        const elements = elementsOf();
        if (elements === undefined) return undefined;
        if (output === undefined) throw noTopic();
        const payload = await answerBound(binding, elements, this.#parts.loadable);
        return { topic: output, payload, ...json };
      },
      errorAnswer: (error) =>
        errors === undefined ? undefined : { topic: errors, payload: errorPayload(error), ...json },
      input: input.text,
    });
  }

  /** What it brings to a window joins it at once, whether there is room for an answer or not; all else is read only then. */
  #elementsOf(binding: BoundTopic, message: LocalMessage): () => Elements | undefined {
    const read = () => {
      refuseLarge(message);
      return readPayload(binding.payload, message.payload);
    };
    const windows = this.#windows.get(binding);
    if (windows === undefined) return read;
    try {
      const elements = windows.push(message.topic, read());
      return () => elements;
    } catch (cause) {
      return () => {
        throw cause;
      };
    }
  }

  #begin(message: LocalMessage, work: Work): void {
    this.#counts.received += 1;
    const hasRoom = this.#flow.begin(message.payload.length, () =>
      this.#answer(work).catch((cause: unknown) => this.#defect(cause)),
    );
    if (!hasRoom) this.#counts.dropped += 1;
  }

  async #answer(work: Work): Promise<void> {
    try {
      const answer = await work.answer();
      if (answer === undefined) return;
      await this.#parts.bus.publish(answer);
      this.#counts.answered += 1;
    } catch (cause) {
      if (!isLocalError(cause)) throw cause;
      await this.#fail(cause, work);
    }
  }

  async #fail(error: LocalError, { input, errorAnswer: answerOf }: Work): Promise<void> {
    this.#counts[isDropped(error) ? "dropped" : "refused"] += 1;
    this.#tell(input, error);
    const answer = answerOf(error);
    // Without a broker there is nobody to tell.
    if (answer !== undefined) await this.#parts.bus.publish(answer).catch(() => undefined);
  }

  #tell(input: string, { code, message: reason }: LocalError): void {
    const { clock, log } = this.#parts;
    const nowMs = clock.monotonicMs();
    const toldAtMs = this.#toldAtMs.get(input) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - toldAtMs < localBusLimits.tellEveryMs) return;
    this.#toldAtMs.set(input, nowMs);
    const { dropped, refused } = this.#counts;
    const event = { event: "local.unanswered", input, code, reason, dropped, refused };
    log.warn(event, "a message of a local topic has no answer");
  }

  /** One message that meets a defect of ours must not take the model from all the others. */
  #defect(cause: unknown): void {
    const stack = cause instanceof Error ? cause.stack : undefined;
    this.#parts.log.error(
      { event: "agent.defect", stack },
      "a defect in the agent; please report it",
    );
  }
}

interface Work {
  /** What is answered; undefined when there is nothing to say yet. */
  readonly answer: () => Promise<LocalAnswer | undefined>;
  readonly errorAnswer: (error: LocalError) => LocalAnswer | undefined;
  /** The filter that it came by. */
  readonly input: string;
}

function noTopic(): RequestRefused {
  return new RequestRefused("FORMAT", "output: expected a topic that may be published to");
}

function refuseLarge({ payload }: LocalMessage): void {
  const { payloadBytesMax } = localBusLimits;
  if (payload.length <= payloadBytesMax) return;
  const limit = `expected at most ${payloadBytesMax} bytes`;
  throw new RequestRefused("TOO_LARGE", `message: ${limit}, got ${payload.length}`);
}
