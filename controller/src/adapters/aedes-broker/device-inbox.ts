import type { DeviceId } from "@modelfleet/protocol";

export interface DeviceInboxOptions {
  /** Messages of one device that may wait. */
  readonly depthMax: number;
  /** Never throws an expected failure: it is the last to know about the message. */
  readonly onOverflow: (device: DeviceId) => void;
}

/**
 * Brings the messages of one device one after the other, of different devices at once.
 * A device above its depth loses its connection, and sends again what nobody acknowledged (protocol.md 3).
 */
export class DeviceInbox {
  readonly #options: DeviceInboxOptions;
  readonly #queues = new Map<DeviceId, { depth: number; last: Promise<void> }>();

  constructor(options: DeviceInboxOptions) {
    this.#options = options;
  }

  async run(device: DeviceId, task: () => Promise<void>): Promise<void> {
    const queue = this.#queues.get(device) ?? { depth: 0, last: Promise.resolve() };
    if (queue.depth >= this.#options.depthMax) {
      this.#options.onOverflow(device);
      return;
    }
    queue.depth += 1;
    this.#queues.set(device, queue);
    queue.last = queue.last.then(task);
    try {
      await queue.last;
    } finally {
      queue.depth -= 1;
      if (queue.depth === 0) this.#queues.delete(device);
    }
  }

  /** Resolves when everything taken in so far is done. */
  async drained(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.last));
  }
}
