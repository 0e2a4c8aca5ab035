import { runnerLimits, sequenceLimits } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { WatchClock } from "./deadline-watch.ts";
import type { Generation } from "./generation.ts";
import type { RoutedModel, RoutedRequest, SequencePlace } from "./routed-model.ts";
import { Sequence } from "./sequence.ts";
import { carries } from "./sequence-states.ts";

/** Who answers in the slot now. */
interface AnsweringSlot<Model extends RoutedModel> {
  readonly current: Generation<Model> | undefined;
  readonly canary: { readonly generation: Generation<Model> } | undefined;
  readonly choose: (request: RoutedRequest) => Generation<Model> | undefined;
}

/**
 * The open sequences of one slot (protocol.md 4.15). The rules:
 *
 * 1. A sequence is answered by the generation it began with, until it ends or is silent for its release's `idleMs`.
 * 2. After a swap it goes over to the new release with its next request where the new release takes its state over;
 *    else it stays with the old one for as long as that one's process lives.
 * 3. When that process has ended, it begins anew with the active release, and the first answer says so.
 * 4. A swap waits for its sequences, with the old one's last requests, `drainMsMax` at most.
 * 5. A request for a sequence that is not open begins one; unless it says it is the first, its answer tells of a reset.
 * 6. At most `openMax` are open: the next is refused, OVERLOADED, until one ends or is idle.
 */
export class SequenceBook<Model extends RoutedModel> {
  readonly #clock: WatchClock;
  readonly #open = new Map<string, Sequence<Model>>();
  readonly #leaveWaiters = new Set<() => void>();

  constructor(clock: WatchClock) {
    this.#clock = clock;
  }

  size(): number {
    return this.#open.size;
  }

  /** @throws InferError OVERLOADED; undefined where nobody answers in the slot */
  find(
    place: SequencePlace,
    slot: AnsweringSlot<Model>,
    request: RoutedRequest,
  ): Sequence<Model> | undefined {
    const known = this.#open.get(place.id);
    const isOpen = known !== undefined && !place.isStart && this.#idleInMs(known) > 0;
    if (isOpen) {
      refuseCrowd(known);
      return known;
    }
    const generation = slot.choose({ ...request, key: request.key ?? place.id });
    if (generation === undefined) return undefined;
    if (known === undefined) this.#makeRoom();
    const begun = new Sequence(generation, this.#clock.monotonicMs(), !place.isStart);
    this.#open.set(place.id, begun);
    return begun;
  }

  /** Rules 1 to 3: who is asked next. */
  generationOf(
    { generation }: Sequence<Model>,
    slot: AnsweringSlot<Model>,
    request: RoutedRequest,
  ): Generation<Model> | undefined {
    if (request.role !== undefined || slot.current === undefined) return slot.choose(request);
    const isTried = generation === slot.canary?.generation && generation.isAlive();
    if (isTried || generation === slot.current) return generation;
    if (carries(generation.model, slot.current.model)) return slot.current;
    return generation.isAlive() ? generation : slot.current;
  }

  close(id: string, sequence: Sequence<Model>): void {
    if (this.#open.get(id) === sequence) this.#open.delete(id);
    this.changed();
  }

  closeAll(): void {
    this.#open.clear();
    this.changed();
  }

  /** A sequence ended, or went over to another generation. */
  changed(): void {
    for (const wake of [...this.#leaveWaiters]) wake();
  }

  /** Rule 4: resolves when no sequence depends on this generation any more; rejects never, the signal ends it. */
  async left(
    generation: Generation<Model>,
    slot: AnsweringSlot<Model>,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const pinned = [...this.#open.values()].filter(
        (sequence) => sequence.generation === generation && this.#idleInMs(sequence) > 0,
      );
      const next = slot.current?.model;
      const isFree = pinned.length === 0 || !generation.isAlive();
      if (isFree || signal.aborted || next === undefined || carries(generation.model, next)) return;
      await this.#wait(Math.min(...pinned.map((sequence) => this.#idleInMs(sequence))), signal);
    }
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const alarm = new AbortController();
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#leaveWaiters.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#leaveWaiters.add(wake);
      signal.addEventListener("abort", wake, { once: true });
      void this.#clock.sleep(ms, alarm.signal).then(wake, wake);
    });
    alarm.abort();
  }

  #makeRoom(): void {
    if (this.#open.size < sequenceLimits.openMax) return;
    for (const [id, sequence] of this.#open) {
      if (this.#idleInMs(sequence) <= 0) this.#open.delete(id);
    }
    if (this.#open.size < sequenceLimits.openMax) return;
    const waits = [...this.#open.values()].map((sequence) => this.#idleInMs(sequence));
    const text = `expected at most ${sequenceLimits.openMax} open sequences; end one, or try again later`;
    throw new InferError("OVERLOADED", text, { retryAfterMs: Math.min(...waits) });
  }

  /** Until it counts as over; it does not while it waits for an answer. */
  #idleInMs({ generation, lastAtMs, pending }: Sequence<Model>): number {
    const { sequence } = generation.model.staged.document;
    const idleMs = sequence?.idleMs ?? sequenceLimits.idleMsDefault;
    return pending > 0 ? idleMs : lastAtMs + idleMs - this.#clock.monotonicMs();
  }
}

function refuseCrowd<Model extends RoutedModel>({ pending }: Sequence<Model>): void {
  if (pending < runnerLimits.queueDefault) return;
  throw new InferError(
    "OVERLOADED",
    `expected at most ${runnerLimits.queueDefault} requests of one sequence at once; await its answers`,
  );
}
