import { runnerLimits, type Sha256, type SlotName } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import { type Attempt, Generation } from "./generation.ts";
import { refuseUnfit } from "./refuse-unfit.ts";
import type {
  Observation,
  RoutedAnswer,
  RoutedModel,
  RoutedRequest,
  RoutedSlot,
} from "./routed-model.ts";
import { compareSlots, ServingSlot } from "./serving-slot.ts";
import { withObserved } from "./with-observed.ts";

export interface RouterOptions<Model extends RoutedModel> {
  readonly clock: {
    readonly monotonicMs: () => number;
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  };
  /** Told after every request that reached a model. What it throws is its own loss. */
  readonly observer?: (observation: Observation<Model>) => void;
  /** Names of the tensors the observer reads of this release; it is given them whatever the caller asks for. */
  readonly observed?: (release: Sha256) => readonly string[];
  readonly queueMax?: number;
  readonly drainMsMax?: number;
  readonly recoverMsMax?: number;
}

/**
 * Where requests go. The rules:
 *
 * 1. A request is pinned, when it is admitted, to the generation then active in its slot; its answer names that one.
 * 2. Activation is one assignment, with no await between the request before and the request after it.
 * 3. The old generation finishes its requests; what is left after `drainMsMax` is asked of the new one, once.
 * 4. When a generation's process dies, its requests are asked of the next generation, once, if there is one in time.
 * 5. In a slot that was emptied, requests are refused, NOT_READY; those that wait for a next generation fail at once.
 * 6. A canary answers its share of the requests; what it loses by dying is asked of the active one, once.
 * 7. At most `queueMax` requests wait or run in a slot; the next is refused, OVERLOADED.
 */
export class Router<Model extends RoutedModel> {
  readonly #slots = new Map<SlotName, ServingSlot<Model>>();
  readonly #options: Required<Omit<RouterOptions<Model>, "observer">>;
  readonly #observer: ((observation: Observation<Model>) => void) | undefined;

  constructor(options: RouterOptions<Model>) {
    this.#observer = options.observer;
    this.#options = {
      clock: options.clock,
      observed: options.observed ?? (() => []),
      queueMax: options.queueMax ?? runnerLimits.queueDefault,
      drainMsMax: options.drainMsMax ?? runnerLimits.drainMsMax,
      recoverMsMax: options.recoverMsMax ?? runnerLimits.recoverMsMax,
    };
  }

  /** See `Serving.activate`. */
  async activate(slotName: SlotName, model: Model): Promise<Model | undefined> {
    const slot = this.#slot(slotName);
    const old = slot.current;
    const canaryEnded = this.#endCanary(slot);
    model.promote();
    slot.current = new Generation(model, "stable");
    slot.wakeWaiting();
    if (old !== undefined) await this.#drain(old);
    await canaryEnded;
    return old?.model;
  }

  /** See `Serving.deactivate`. */
  async deactivate(slotName: SlotName): Promise<void> {
    const slot = this.#slots.get(slotName);
    const old = slot?.current;
    if (slot === undefined || old === undefined) return;
    const canaryEnded = this.#endCanary(slot);
    slot.current = undefined;
    slot.wakeWaiting();
    await this.#drain(old);
    await canaryEnded;
  }

  /** See `Serving.canary`. */
  async canary(
    slotName: SlotName,
    canary: { readonly model: Model; readonly weightPercent: number } | null,
  ): Promise<void> {
    const slot = this.#slot(slotName);
    const ended = this.#endCanary(slot);
    if (canary !== null) {
      canary.model.promote();
      const generation = new Generation(canary.model, "canary");
      slot.canary = { generation, weightPercent: canary.weightPercent };
    }
    await ended;
  }

  /** From the next request on it is asked nothing; resolves when it has answered what it has. */
  async #endCanary(slot: ServingSlot<Model>): Promise<void> {
    const { canary } = slot;
    slot.canary = undefined;
    if (canary !== undefined) await this.#drain(canary.generation);
  }

  /** See `Serving.active`. */
  active(slotName: SlotName): Model | undefined {
    return this.#slots.get(slotName)?.current?.model;
  }

  /** See `Serving.health`. */
  health(
    slotName: SlotName,
  ): { readonly release: Sha256; readonly answered: number; readonly failed: number } | undefined {
    const current = this.#slots.get(slotName)?.current;
    if (current === undefined) return undefined;
    return { release: current.model.staged.release, ...current.counts() };
  }

  /** The slots that have a model, and whether its process is alive; `main` first, then by name. */
  slots(): readonly RoutedSlot<Model>[] {
    const slots = [...this.#slots].flatMap(([slot, { current, canary }]) => {
      if (current === undefined) return [];
      const tried = canary === undefined ? {} : { canary: offered(canary.generation) };
      return [{ slot, ...offered(current), ...tried }];
    });
    return slots.sort((left, right) => compareSlots(left.slot, right.slot));
  }

  /** @throws InferError */
  async infer(request: RoutedRequest): Promise<RoutedAnswer<Model>> {
    const slot = this.#slots.get(request.slot);
    const generation = slot?.choose(request);
    if (slot === undefined || generation === undefined) {
      throw new InferError("NOT_READY", `no model runs in slot ${request.slot}; deploy one`);
    }
    refuseUnfit(generation.model, request);
    this.#refuseOverload(slot, request.slot);
    slot.pending += 1;
    try {
      return await this.#answer(slot, generation, request);
    } finally {
      slot.pending -= 1;
    }
  }

  #refuseOverload(slot: ServingSlot<Model>, name: SlotName): void {
    const { queueMax } = this.#options;
    if (slot.pending < queueMax) return;
    throw new InferError(
      "OVERLOADED",
      `expected at most ${queueMax} requests at once in slot ${name}; send again later`,
    );
  }

  async #answer(
    slot: ServingSlot<Model>,
    pinned: Generation<Model>,
    request: RoutedRequest,
  ): Promise<RoutedAnswer<Model>> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    const deadlineMs = startMs + request.timeoutMs;
    const first = await this.#attempt(pinned, request, request.timeoutMs);
    const last = isWorthAnother(first, request)
      ? ((await this.#again(slot, pinned, { request, deadlineMs })) ?? first)
      : first;
    const latencyMs = clock.monotonicMs() - startMs;
    last.generation.count(last, latencyMs);
    this.#observe(request, last, latencyMs);
    if (last.error !== undefined) throw last.error;
    return { model: last.generation.model, outputs: onlyWanted(last.outputs, request.outputs) };
  }

  #attempt(
    generation: Generation<Model>,
    request: RoutedRequest,
    timeoutMs: number,
  ): Promise<Attempt<Model>> {
    const { model } = generation;
    const observed = this.#options.observed(model.staged.release);
    return generation.attempt(withObserved(request, model, observed), timeoutMs);
  }

  /** Rules 3 and 4: once more, of the generation that followed. */
  async #again(
    slot: ServingSlot<Model>,
    failed: Generation<Model>,
    { request, deadlineMs }: { readonly request: RoutedRequest; readonly deadlineMs: number },
  ): Promise<Attempt<Model> | undefined> {
    const { clock, recoverMsMax } = this.#options;
    if (slot.current === failed) {
      await this.#waitForNext(slot, Math.min(recoverMsMax, deadlineMs - clock.monotonicMs()));
    }
    const next = slot.current;
    const timeoutMs = deadlineMs - clock.monotonicMs();
    if (next === undefined || next === failed || timeoutMs <= 0) return undefined;
    refuseUnfit(next.model, request);
    failed.countFailure();
    return await this.#attempt(next, request, timeoutMs);
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
    if (this.#observer === undefined) return;
    const { slot, inputs } = request;
    const { staged } = last.generation.model;
    const observation = {
      slot,
      staged,
      role: last.generation.role,
      inputs,
      outputs: last.outputs,
      latencyUs: latencyMs * 1_000,
    };
    const errorCode = last.error === undefined ? {} : { errorCode: last.error.code };
    try {
      this.#observer({ ...observation, ...errorCode });
    } catch {
      // An answer is never lost to its telemetry; the observer reports its own faults.
      return;
    }
  }

  async #drain(old: Generation<Model>): Promise<void> {
    const alarm = new AbortController();
    const late = this.#options.clock.sleep(this.#options.drainMsMax, alarm.signal).then(
      () => old.abandon(),
      () => undefined,
    );
    await old.drained();
    alarm.abort();
    await late;
  }

  #slot(name: SlotName): ServingSlot<Model> {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = new ServingSlot<Model>(name);
    this.#slots.set(name, slot);
    return slot;
  }
}

function offered<Model extends RoutedModel>(generation: Generation<Model>) {
  return { model: generation.model, isReady: generation.isAlive() };
}

function onlyWanted(outputs: readonly Tensor[], wanted: readonly string[] = []): readonly Tensor[] {
  return wanted.length === 0 ? outputs : outputs.filter(({ name }) => wanted.includes(name));
}

/** Inference is pure, so a request may be asked again when its process died or was given up. */
function isWorthAnother<Model extends RoutedModel>(
  { error }: Attempt<Model>,
  { role }: RoutedRequest,
): boolean {
  // Whoever asks for the canary by name must not get the answer of another.
  return error?.code === "RUNNER_CRASH" && role !== "canary";
}
