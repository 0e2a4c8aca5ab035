import { mainSlot, type SlotName } from "@modelfleet/protocol";
import { isKeyInShare, isTurnInShare } from "./canary-share.ts";
import type { WatchClock } from "./deadline-watch.ts";
import type { Generation } from "./generation.ts";
import { fitsModel } from "./refuse-unfit.ts";
import type { RoutedModel, RoutedRequest } from "./routed-model.ts";
import { SequenceBook } from "./sequence-book.ts";
import { withStates } from "./sequence-states.ts";
import { emptyCounts, type ServingCounts } from "./serving-counts.ts";

export interface CanaryOf<Model extends RoutedModel> {
  readonly generation: Generation<Model>;
  /** 1 to 100 */
  readonly weightPercent: number;
}

/** Who answers in a slot, and who waits for the next that does. */
export class ServingSlot<Model extends RoutedModel> {
  readonly name: SlotName;
  current: Generation<Model> | undefined;
  canary: CanaryOf<Model> | undefined;
  /** Requests that wait for the next generation. */
  readonly waiting = new Set<() => void>();
  /** Requests that came while nothing answered, and are not answered yet. */
  stranded = 0;
  readonly sequences: SequenceBook<Model>;
  readonly sums = emptyCounts();
  #turns = 0;

  constructor(name: SlotName, clock: WatchClock) {
    this.name = name;
    this.sequences = new SequenceBook(clock);
  }

  counts(): ServingCounts {
    const loads = [this.current, this.canary?.generation].flatMap((one) => one?.load() ?? []);
    const waiting = loads.reduce((sum, load) => sum + load.waiting, this.waiting.size);
    const running = loads.reduce((sum, load) => sum + load.running, 0);
    return { ...this.sums, waiting, running, sequences: this.sequences.size() };
  }

  /**
   * The generation that a request is pinned to: the canary for its share of them, by the request's key, or in turn
   * where it has none; else the active one. A canary that is dead, or that does not take this request, answers none:
   * it is there to be tried, not to fail anybody. Who asks for one of the two by its role gets that one.
   */
  choose(request: RoutedRequest): Generation<Model> | undefined {
    if (request.role === "canary") return this.canary?.generation;
    if (request.role === "stable") return this.current;
    if (this.current === undefined || this.canary === undefined) return this.current;
    const { generation } = this.canary;
    const isMeant = this.#isCanarys(this.canary, request);
    const isAble = generation.isAlive() && takes(generation.model, request);
    return isMeant && isAble ? generation : this.current;
  }

  #isCanarys({ generation, weightPercent }: CanaryOf<Model>, request: RoutedRequest): boolean {
    const { release, key } = request;
    const stable = this.current?.model.staged.release;
    // A named release answers whatever the shares; of two that are the same the active one.
    if (release !== undefined)
      return release !== stable && release === generation.model.staged.release;
    if (key !== undefined) return isKeyInShare(key, weightPercent);
    return isTurnInShare(this.#turns++, weightPercent);
  }

  wakeWaiting(): void {
    for (const wake of [...this.waiting]) wake();
  }
}

function takes(model: RoutedModel, request: RoutedRequest): boolean {
  const isBegun = request.sequence !== undefined;
  return fitsModel(model, isBegun ? withStates(request, model, new Map()) : request);
}

/** `main` first, then by name. */
export function compareSlots(left: SlotName, right: SlotName): number {
  if (left === right) return 0;
  if (left === mainSlot || right === mainSlot) return left === mainSlot ? -1 : 1;
  return left < right ? -1 : 1;
}
