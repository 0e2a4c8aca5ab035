import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import type { RoutedModel, RoutedRequest, ServingRole } from "./routed-model.ts";

/** What came of asking one generation once. */
export type Attempt<Model extends RoutedModel> =
  | {
      readonly generation: Generation<Model>;
      readonly outputs: readonly Tensor[];
      readonly error?: undefined;
    }
  | {
      readonly generation: Generation<Model>;
      readonly outputs: undefined;
      readonly error: InferError;
    };

/** One activation of a model in a slot, the requests pinned to it, and what it has done. */
export class Generation<Model extends RoutedModel> {
  readonly model: Model;
  readonly role: ServingRole;
  readonly #abandonments = new Set<() => void>();
  readonly #drainWaiters: (() => void)[] = [];
  #answered = 0;
  #failed = 0;
  #isAlive = true;

  constructor(model: Model, role: ServingRole) {
    this.model = model;
    this.role = role;
    void model.exited.then(() => {
      this.#isAlive = false;
    });
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  counts(): { readonly answered: number; readonly failed: number } {
    return { answered: this.#answered, failed: this.#failed };
  }

  /** Never rejects with an InferError; any other error is a defect and is let through. */
  attempt(request: RoutedRequest, timeoutMs: number): Promise<Attempt<Model>> {
    return new Promise((resolve, reject) => {
      const failed = (error: InferError) =>
        resolve({ generation: this, outputs: undefined, error });
      const giveUp = () => failed(givenUp());
      const leave = () => {
        this.#abandonments.delete(giveUp);
        if (this.#abandonments.size === 0) for (const wake of this.#drainWaiters.splice(0)) wake();
      };
      this.#abandonments.add(giveUp);
      const { inputs, outputs } = request;
      this.model.infer(inputs, { timeoutMs, ...(outputs === undefined ? {} : { outputs }) }).then(
        (answer) => {
          leave();
          resolve({ generation: this, outputs: answer });
        },
        (error: unknown) => {
          leave();
          if (error instanceof InferError) failed(error);
          else reject(error instanceof Error ? error : new TypeError(String(error)));
        },
      );
    });
  }

  count({ error }: Attempt<Model>, latencyMs: number): void {
    if (error === undefined) this.#answered += 1;
    else if (isFaultOfModel(error, latencyMs, this.model)) this.#failed += 1;
  }

  countFailure(): void {
    this.#failed += 1;
  }

  /** Resolves when no request is pinned to it any more. */
  drained(): Promise<void> {
    if (this.#abandonments.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Gives up every request still pinned; each is worth another attempt elsewhere. */
  abandon(): void {
    for (const giveUp of this.#abandonments) giveUp();
    this.#abandonments.clear();
    for (const wake of this.#drainWaiters.splice(0)) wake();
  }
}

function givenUp(): InferError {
  return new InferError(
    "RUNNER_CRASH",
    "expected an answer before the swap's drain ended, got none",
  );
}

/** A caller's own short deadline says nothing about the model. */
function isFaultOfModel({ code }: InferError, latencyMs: number, model: RoutedModel): boolean {
  if (code === "RUNNER_CRASH" || code === "RUN_FAILED") return true;
  return code === "DEADLINE_EXCEEDED" && latencyMs >= model.staged.document.limits.inferMs;
}
