import { mainSlot, runnerLimits, type Sha256, type SlotName } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import { checkInputs, checkOutputNames } from "./check-tensors.ts";
import { type Attempt, Generation } from "./generation.ts";
import type { Observation, RoutedAnswer, RoutedModel, RoutedRequest } from "./routed-model.ts";
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

interface Slot<Model extends RoutedModel> {
  current: Generation<Model> | undefined;
  canary: { readonly generation: Generation<Model>; readonly weightPercent: number } | undefined;
  pending: number;
  /** Requests that wait for the next generation. */
  readonly waiting: Set<() => void>;
}

/**
 * Where requests go. The rules:
 *
 * 1. A request is pinned, when it is admitted, to the generation then active in its slot; its answer names that one.
 * 2. Activation is one assignment, with no await between the request before and the request after it.
 * 3. The old generation finishes its requests; what is left after `drainMsMax` is asked of the new one, once.
 * 4. When a generation's process dies, its requests are asked of the next generation, once, if there is one in time.
 * 5. In a slot that was emptied, requests are refused, NOT_READY; those that wait for a next generation fail at once.
 * 6. At most `queueMax` requests wait or run in a slot; the next is refused, OVERLOADED.
 */
export class Router<Model extends RoutedModel> {
  readonly #slots = new Map<SlotName, Slot<Model>>();
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
    model.promote();
    slot.current = new Generation(model);
    for (const wake of [...slot.waiting]) wake();
    if (old === undefined) return undefined;
    await this.#drain(old);
    return old.model;
  }

  /** See `Serving.deactivate`. */
  async deactivate(slotName: SlotName): Promise<void> {
    const slot = this.#slots.get(slotName);
    const old = slot?.current;
    if (slot === undefined || old === undefined) return;
    slot.current = undefined;
    for (const wake of [...slot.waiting]) wake();
    await this.#drain(old);
  }

  /** See `Serving.canary`. */
  async canary(
    slotName: SlotName,
    canary: { readonly model: Model; readonly weightPercent: number } | null,
  ): Promise<void> {
    const slot = this.#slot(slotName);
    const old = slot.canary;
    canary?.model.promote();
    slot.canary =
      canary === null
        ? undefined
        : { generation: new Generation(canary.model), weightPercent: canary.weightPercent };
    if (old !== undefined) await this.#drain(old.generation);
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
  slots(): readonly {
    readonly slot: SlotName;
    readonly model: Model;
    readonly isReady: boolean;
  }[] {
    const slots = [...this.#slots].flatMap(([slot, { current }]) =>
      current === undefined ? [] : [{ slot, model: current.model, isReady: current.isAlive() }],
    );
    return slots.sort((left, right) => compareSlots(left.slot, right.slot));
  }

  /** @throws InferError */
  async infer(request: RoutedRequest): Promise<RoutedAnswer<Model>> {
    const slot = this.#slots.get(request.slot);
    const generation = slot?.current;
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

  #refuseOverload(slot: Slot<Model>, name: SlotName): void {
    const { queueMax } = this.#options;
    if (slot.pending < queueMax) return;
    throw new InferError(
      "OVERLOADED",
      `expected at most ${queueMax} requests at once in slot ${name}; send again later`,
    );
  }

  async #answer(
    slot: Slot<Model>,
    pinned: Generation<Model>,
    request: RoutedRequest,
  ): Promise<RoutedAnswer<Model>> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    const deadlineMs = startMs + request.timeoutMs;
    const first = await this.#attempt(pinned, request, request.timeoutMs);
    const last = isWorthAnother(first)
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
    slot: Slot<Model>,
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

  async #waitForNext(slot: Slot<Model>, waitMs: number): Promise<void> {
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
    const isCanary = this.#slots.get(slot)?.canary?.generation === last.generation;
    const observation = {
      slot,
      staged,
      role: isCanary ? ("canary" as const) : ("stable" as const),
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

  #slot(name: SlotName): Slot<Model> {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot: Slot<Model> = {
      current: undefined,
      canary: undefined,
      pending: 0,
      waiting: new Set(),
    };
    this.#slots.set(name, slot);
    return slot;
  }
}

/** @throws InferError UNKNOWN_MODEL | BAD_TENSOR */
function refuseUnfit(model: RoutedModel, { release, inputs, outputs }: RoutedRequest): void {
  if (release !== undefined && release !== model.staged.release) {
    const { version } = model.staged.document;
    throw new InferError(
      "UNKNOWN_MODEL",
      `expected the release that was asked for, got ${version}`,
    );
  }
  checkInputs(model.inputs, inputs);
  checkOutputNames(model.outputs, outputs ?? []);
}

function onlyWanted(outputs: readonly Tensor[], wanted: readonly string[] = []): readonly Tensor[] {
  return wanted.length === 0 ? outputs : outputs.filter(({ name }) => wanted.includes(name));
}

function compareSlots(left: SlotName, right: SlotName): number {
  if (left === right) return 0;
  if (left === mainSlot || right === mainSlot) return left === mainSlot ? -1 : 1;
  return left < right ? -1 : 1;
}

/** Inference is pure, so a request may be asked again when its process died or was given up. */
function isWorthAnother<Model extends RoutedModel>({ error }: Attempt<Model>): boolean {
  return error?.code === "RUNNER_CRASH";
}
