import { InferError } from "../infer-error.ts";
import { Dispatcher, type DispatcherOptions } from "./dispatcher.ts";
import type { RoutedModel, ServingRole } from "./routed-model.ts";
import { batchForm } from "./tensor-batch.ts";
import { type Asked, type Outcome, Ticket } from "./ticket.ts";

/** What came of asking one generation once. */
export type Attempt<Model extends RoutedModel> = Outcome & {
  readonly generation: Generation<Model>;
};

/** One activation of a model in a slot, the requests pinned to it, and what it has done. */
export class Generation<Model extends RoutedModel> {
  readonly model: Model;
  readonly role: ServingRole;
  readonly #dispatcher: Dispatcher;
  readonly #pinned = new Set<Ticket>();
  readonly #drainWaiters: (() => void)[] = [];
  #answered = 0;
  #failed = 0;
  #isAlive = true;

  constructor(model: Model, role: ServingRole, options: Omit<DispatcherOptions, "model">) {
    this.model = model;
    this.role = role;
    this.#dispatcher = new Dispatcher({ ...options, model });
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

  load(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#dispatcher.waiting(), running: this.#dispatcher.running() };
  }

  /** Never rejects with an InferError; any other error is a defect and is let through. */
  attempt(asked: Asked): Promise<Attempt<Model>> {
    const { inputs, outputs } = asked;
    const form = this.#dispatcher.isBatching() ? batchForm(inputs, outputs) : undefined;
    return new Promise((resolve, reject) => {
      const ticket: Ticket = new Ticket(asked, form, {
        tell: (outcome) => {
          this.#leave(ticket);
          resolve({ ...outcome, generation: this });
        },
        fail: (defect) => {
          this.#leave(ticket);
          reject(defect);
        },
      });
      this.#pinned.add(ticket);
      this.#dispatcher.ask(ticket);
    });
  }

  count(attempt: Attempt<Model>, latencyMs: number): void {
    if (attempt.error === undefined) this.#answered += 1;
    else if (attempt.wasSent && isFaultOfModel(attempt.error, latencyMs, this.model)) {
      this.#failed += 1;
    }
  }

  countFailure(): void {
    this.#failed += 1;
  }

  /** Resolves when no request is pinned to it any more. */
  drained(): Promise<void> {
    if (this.#pinned.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Gives up every request still pinned; each is worth another attempt elsewhere. */
  abandon(): void {
    const error = new InferError(
      "RUNNER_CRASH",
      "expected an answer before the swap's drain ended, got none",
    );
    this.#dispatcher.withdrawWaiting();
    // All of them, in the order they came.
    for (const ticket of [...this.#pinned]) ticket.refuse(error);
  }

  #leave(ticket: Ticket): void {
    this.#pinned.delete(ticket);
    if (this.#pinned.size === 0) for (const wake of this.#drainWaiters.splice(0)) wake();
  }
}

/** A caller's own short deadline says nothing about the model. */
function isFaultOfModel({ code }: InferError, latencyMs: number, model: RoutedModel): boolean {
  if (code === "RUNNER_CRASH" || code === "RUN_FAILED") return true;
  return code === "DEADLINE_EXCEEDED" && latencyMs >= model.staged.document.limits.inferMs;
}
