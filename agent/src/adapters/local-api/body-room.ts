import { serveLimits } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";

/** Bytes of the bodies of all requests that are not answered yet: many large ones must not end the agent for memory. */
export class BodyRoom {
  readonly #bytesMax: number;
  readonly #held = new Map<object, number>();
  #bytes = 0;

  constructor(bytesMax: number = serveLimits.bodyBytesHeldMax) {
    this.#bytesMax = bytesMax;
  }

  /** @throws InferError OVERLOADED */
  take(request: object, bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      const limit = `expected at most ${this.#bytesMax} bytes of requests at once`;
      throw new InferError("OVERLOADED", `${limit}; send again later`);
    }
    this.#bytes += bytes;
    this.#held.set(request, (this.#held.get(request) ?? 0) + bytes);
  }

  /** The request has its answer. */
  release(request: object): void {
    this.#bytes -= this.#held.get(request) ?? 0;
    this.#held.delete(request);
  }
}
