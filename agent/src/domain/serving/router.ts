import { runnerLimits, type Sha256, type SlotName } from "@modelfleet/protocol";
import { Answering, notReady } from "./answering.ts";

import { Generation } from "./generation.ts";
import type { JoiningClock } from "./joining-time.ts";
import type {
  Observation,
  RoutedAnswer,
  RoutedModel,
  RoutedRequest,
  RoutedSlot,
  ServingRole,
} from "./routed-model.ts";
import type { ServingCounts } from "./serving-counts.ts";
import { servingPlan } from "./serving-plan.ts";
import { compareSlots, ServingSlot } from "./serving-slot.ts";

export interface RouterOptions<Model extends RoutedModel> {
  readonly clock: JoiningClock;
  /** Told after every request that reached a model. What it throws is its own loss. */
  readonly observer?: (observation: Observation<Model>) => void;
  /** Names of the tensors the observer reads of this release; it is given them whatever the caller asks for. */
  readonly observed?: (release: Sha256) => readonly string[];
  /** Told once of a release that asks for batches and is asked one request at a time, and why. */
  readonly onUnbatched?: (release: Sha256, reason: string) => void;
  /** How many requests wait for a release that does not say it itself. */
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
 * 4. When a generation's process dies, its requests are asked of the next generation, once, if there is one in time. If
 *    there is none, RUNNER_CRASH is for those that a process was asked; the others are refused, NOT_READY.
 * 5. In a slot that was emptied, requests are refused, NOT_READY; those that wait for a next generation fail at once.
 * 6. A canary answers its share of the requests; what it loses by dying is asked of the active one, once. It stays while
 *    the active one is started again or replaced by another, and ends when it becomes the active one itself.
 * 7. What waits for a model, and in which batches it is asked: see `Dispatcher`. Sequences: see `SequenceBook`.
 */
export class Router<Model extends RoutedModel> {
  readonly #slots = new Map<SlotName, ServingSlot<Model>>();
  readonly #options: Required<Omit<RouterOptions<Model>, "observer" | "observed" | "recoverMsMax">>;
  readonly #answering: Answering<Model>;
  /** Releases that are not asked in batches although they ask for it. */
  readonly #unbatched = new Set<Sha256>();

  constructor(options: RouterOptions<Model>) {
    this.#options = {
      clock: options.clock,
      onUnbatched: options.onUnbatched ?? (() => undefined),
      queueMax: options.queueMax ?? runnerLimits.queueDefault,
      drainMsMax: options.drainMsMax ?? runnerLimits.drainMsMax,
    };
    this.#answering = new Answering({
      ...this.#options,
      observer: options.observer,
      observed: options.observed ?? (() => []),
      recoverMsMax: options.recoverMsMax ?? runnerLimits.recoverMsMax,
    });
  }

  /** See `Serving.activate`. */
  async activate(slotName: SlotName, model: Model): Promise<Model | undefined> {
    const slot = this.#slot(slotName);
    const { current, canary } = slot;
    const ended = canary?.generation.model === model ? canary : undefined;
    if (ended !== undefined) slot.canary = undefined;
    model.promote();
    slot.current = this.#generation(slot, model, "stable");
    slot.wakeWaiting();
    await this.#drain(slot, [current, ended?.generation]);
    return current?.model;
  }

  /** See `Serving.deactivate`. */
  async deactivate(slotName: SlotName): Promise<void> {
    const slot = this.#slots.get(slotName);
    if (slot?.current === undefined) return;
    const { current, canary } = slot;
    slot.canary = undefined;
    slot.current = undefined;
    slot.sequences.closeAll();
    slot.wakeWaiting();
    await this.#drain(slot, [current, canary?.generation]);
  }

  /** See `Serving.canary`. */
  async canary(
    slotName: SlotName,
    wanted: { readonly model: Model; readonly weightPercent: number } | null,
  ): Promise<void> {
    const slot = this.#slot(slotName);
    const { canary } = slot;
    slot.canary = undefined;
    if (wanted !== null) {
      const { model, weightPercent } = wanted;
      model.promote();
      slot.canary = { generation: this.#generation(slot, model, "canary"), weightPercent };
    }
    await this.#drain(slot, [canary?.generation]);
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

  /** How full a slot is, and what became of its requests; undefined where nothing ever ran. */
  counts(slotName: SlotName): ServingCounts | undefined {
    return this.#slots.get(slotName)?.counts();
  }

  /**
   * Not `async`, nor are those it hands on to: each that only waits for another would cost a small model's request more.
   *
   * @returns what rejects with an InferError
   */
  infer(request: RoutedRequest): Promise<RoutedAnswer<Model>> {
    const slot = this.#slots.get(request.slot);
    if (slot?.current === undefined) return Promise.reject(notReady(request));
    if (request.sequence !== undefined) return this.#answering.inSequence(slot, request);
    const generation = slot.choose(request);
    if (generation === undefined) return Promise.reject(notReady(request));
    return this.#answering.one(slot, generation, request);
  }

  #generation(slot: ServingSlot<Model>, model: Model, role: ServingRole): Generation<Model> {
    const { release } = model.staged;
    const { clock, queueMax } = this.#options;
    const wanted = servingPlan(model, queueMax);
    const onUnbatched = (reason: string) => this.#noteUnbatched(release, reason);
    if (wanted.unbatched !== undefined) onUnbatched(wanted.unbatched);
    const plan = this.#unbatched.has(release) ? { ...wanted, batch: undefined } : wanted;
    return new Generation(model, role, { plan, clock, counts: slot.sums, onUnbatched });
  }

  #noteUnbatched(release: Sha256, reason: string): void {
    if (this.#unbatched.has(release)) return;
    this.#unbatched.add(release);
    this.#options.onUnbatched(release, reason);
  }

  async #drain(
    slot: ServingSlot<Model>,
    ended: readonly (Generation<Model> | undefined)[],
  ): Promise<void> {
    const old = ended.filter((one) => one !== undefined);
    await Promise.all(old.map((one) => this.#drainOne(slot, one)));
  }

  /** Its requests finish, and its sequences go on, until the drain's end. */
  async #drainOne(slot: ServingSlot<Model>, old: Generation<Model>): Promise<void> {
    const [alarm, over] = [new AbortController(), new AbortController()];
    const late = this.#options.clock.sleep(this.#options.drainMsMax, alarm.signal).then(
      () => {
        over.abort();
        old.abandon();
      },
      () => undefined,
    );
    await slot.sequences.left(old, slot, over.signal);
    await old.drained();
    alarm.abort();
    await late;
  }

  #slot(name: SlotName): ServingSlot<Model> {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = new ServingSlot<Model>(name, this.#options.clock);
    this.#slots.set(name, slot);
    return slot;
  }
}

function offered<Model extends RoutedModel>(generation: Generation<Model>) {
  return { model: generation.model, isReady: generation.isAlive() };
}
