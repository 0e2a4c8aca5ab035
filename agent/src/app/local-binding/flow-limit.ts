import { localBusLimits } from "@modelfleet/protocol";

/** What became of the messages since the start. */
export interface LocalCounts {
  received: number;
  answered: number;
  /** For want of room here, in the model's queue, or of a broker. */
  dropped: number;
  /** Wrong in themselves, or the model failed on them. */
  refused: number;
}

/** How many messages may wait for their answer at once, and how many bytes of them. */
export class FlowLimit {
  #messages = 0;
  #bytes = 0;

  /** @returns false when there is no room: the work is not begun */
  begin(bytes: number, work: () => Promise<void>): boolean {
    const { inFlightMax, inFlightBytesMax } = localBusLimits;
    if (this.#messages >= inFlightMax || this.#bytes + bytes > inFlightBytesMax) return false;
    this.#messages += 1;
    this.#bytes += bytes;
    void work().finally(() => {
      this.#messages -= 1;
      this.#bytes -= bytes;
    });
    return true;
  }
}
