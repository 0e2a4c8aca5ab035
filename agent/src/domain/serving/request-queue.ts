import type { ServingPolicy } from "@modelfleet/protocol";

/** Shared: most are let in without anybody going. */
const nobody: readonly never[] = [];

export type QueuePolicy = NonNullable<ServingPolicy["queue"]>;

/**
 * Requests that wait for one model, the oldest first, and never more newcomers than `max` (protocol.md 4.14). A full queue:
 *
 * 1. `reject`: whoever comes is refused.
 * 2. `drop-oldest`: the one that has waited longest makes room.
 * 3. `latest-only`: at most one waits at all, and whoever comes takes its place: an old reading of a sensor is worth
 *    nothing once there is a new one.
 * 4. Whoever was let in before, and has to be asked again, is let in whatever the length: what a swap gives back was
 *    accepted once. That is at most what the queue and the runner before held.
 */
export class RequestQueue<Item extends { readonly askedAtMs: number }> {
  readonly #max: number;
  readonly #policy: QueuePolicy["policy"];
  #items: Item[] = [];

  constructor({ max, policy }: QueuePolicy) {
    this.#max = max;
    this.#policy = policy;
  }

  length(): number {
    return this.#items.length;
  }

  items(): readonly Item[] {
    return this.#items;
  }

  /** @returns who does not wait, or waits no longer; the newcomer itself where it is refused */
  admit(item: Item): readonly Item[] {
    const putOut = this.#makeRoom(item);
    if (putOut[0] !== item) this.#items.push(item);
    return putOut;
  }

  #makeRoom(item: Item): readonly Item[] {
    const surplus = this.#items.length + 1 - this.#max;
    switch (this.#policy) {
      case "reject":
        return surplus > 0 ? [item] : nobody;
      case "drop-oldest":
        return surplus > 0 ? this.#items.splice(0, surplus) : nobody;
      case "latest-only":
        return this.#items.splice(0);
    }
  }

  /** Rule 4: to its place by age. */
  readmit(item: Item): void {
    const place = this.#items.findIndex(({ askedAtMs }) => askedAtMs > item.askedAtMs);
    this.#items.splice(place < 0 ? this.#items.length : place, 0, item);
  }

  shift(): Item | undefined {
    return this.#items.shift();
  }

  /** @returns those of them that wait no longer, the oldest first */
  withdraw(isMeant: (item: Item) => boolean): readonly Item[] {
    const withdrawn: Item[] = [];
    const kept: Item[] = [];
    for (const item of this.#items) (isMeant(item) ? withdrawn : kept).push(item);
    if (withdrawn.length > 0) this.#items = kept;
    return withdrawn;
  }
}
