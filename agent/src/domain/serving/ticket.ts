import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import type { BatchForm } from "./tensor-batch.ts";

/** What one generation is asked for one request. */
export interface Asked {
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted; all when empty. */
  readonly outputs: readonly string[];
  /** When the request came, and when its caller waits no longer; monotonic. */
  readonly askedAtMs: number;
  readonly deadlineMs: number;
  /** It was let in before, by a generation that could not answer it: never in a batch, never refused for want of room. */
  readonly isAgain: boolean;
  /** See `RoutedRequest`; somebody waits always when absent. */
  readonly isUnwanted?: (() => boolean) | undefined;
}

export type Outcome =
  | { readonly outputs: readonly Tensor[]; readonly error?: undefined }
  | {
      readonly outputs: undefined;
      readonly error: InferError;
      /** It may be what ended the runner. */
      readonly wasSent: boolean;
    };

/** One request on its way through one generation. It is settled once; what comes later is nobody's. */
export class Ticket {
  readonly asked: Asked;
  readonly askedAtMs: number;
  readonly form: BatchForm | undefined;
  /** A batch with it failed, or might. */
  isAlone: boolean;
  wasSent = false;
  isSettled = false;
  readonly #tell: (outcome: Outcome) => void;
  readonly #fail: (defect: Error) => void;

  constructor(
    asked: Asked,
    form: BatchForm | undefined,
    to: { readonly tell: (outcome: Outcome) => void; readonly fail: (defect: Error) => void },
  ) {
    this.asked = asked;
    this.askedAtMs = asked.askedAtMs;
    this.form = form;
    this.isAlone = asked.isAgain || form === undefined;
    this.#tell = to.tell;
    this.#fail = to.fail;
  }

  isUnwanted(): boolean {
    return this.asked.isUnwanted?.() === true;
  }

  answer(outputs: readonly Tensor[]): void {
    if (this.#settle()) this.#tell({ outputs });
  }

  refuse(error: InferError): void {
    if (this.#settle()) this.#tell({ outputs: undefined, error, wasSent: this.wasSent });
  }

  /** An InferError is the request's; anything else is a defect of ours and is let through. */
  reject(error: unknown): void {
    if (error instanceof InferError) this.refuse(error);
    else if (this.#settle()) {
      this.#fail(error instanceof Error ? error : new TypeError(String(error)));
    }
  }

  #settle(): boolean {
    const isFirst = !this.isSettled;
    this.isSettled = true;
    return isFirst;
  }
}
