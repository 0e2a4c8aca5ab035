import type { Tensor } from "../tensor.ts";
import type { Generation } from "./generation.ts";
import type { RoutedModel, RoutedRequest } from "./routed-model.ts";
import { carries, type States, statesAfter, withStates } from "./sequence-states.ts";

/** Requests that belong together: where they are answered, and what one leaves for the next. */
export class Sequence<Model extends RoutedModel> {
  generation: Generation<Model>;
  lastAtMs: number;
  /** Requests of it that are not answered yet. */
  pending = 0;
  #states: States = new Map();
  #hasAnswered = false;
  #isReset: boolean;
  #turn: Promise<void> = Promise.resolve();

  /** @param isReset it goes on with something that is not known here */
  constructor(generation: Generation<Model>, nowMs: number, isReset: boolean) {
    this.generation = generation;
    this.lastAtMs = nowMs;
    this.#isReset = isReset;
  }

  /** The request as this generation is asked it; the state goes with it where it can. */
  enter(generation: Generation<Model>, request: RoutedRequest): RoutedRequest {
    if (generation !== this.generation && !carries(this.generation.model, generation.model)) {
      this.#states = new Map();
      this.#isReset ||= this.#hasAnswered;
    }
    this.generation = generation;
    return withStates(request, generation.model, this.#states);
  }

  /** @returns whether the sequence began anew with this answer */
  note(model: Model, outputs: readonly Tensor[]): boolean {
    const isReset = this.#isReset;
    this.#states = statesAfter(model, outputs);
    this.#hasAnswered = true;
    this.#isReset = false;
    return isReset;
  }

  /**
   * One after the other where an answer decides the next request.
   *
   * @returns when it is this request's turn, and what ends that
   */
  takeTurn(): { readonly begins: Promise<void>; readonly over: () => void } {
    const begins = this.#turn;
    let over = () => {};
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    this.#turn = begins.then(() => ended);
    return { begins, over };
  }
}
