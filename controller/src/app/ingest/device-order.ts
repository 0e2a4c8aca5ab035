import { controllerLimits, type DeviceId } from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";

/**
 * One message of a device at a time, in the order they came: "applied only if newer" and cumulative acks both
 * rest on it. Messages of different devices do not wait for each other.
 */
export class DeviceOrder {
  readonly #lines = new Map<DeviceId, { tail: Promise<unknown>; waiting: number }>();

  /** @throws MessageRefused BUSY when too many messages of this device wait already */
  async run<T>(device: DeviceId, task: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(device) ?? { tail: Promise.resolve(), waiting: 0 };
    if (line.waiting >= controllerLimits.messagesWaitingPerDeviceMax) {
      throw new MessageRefused(
        "BUSY",
        `expected at most ${controllerLimits.messagesWaitingPerDeviceMax} waiting messages of ${device}`,
      );
    }
    this.#lines.set(device, line);
    line.waiting += 1;
    // A task that failed has told its own caller; the next one starts all the same.
    const mine = line.tail.then(task, task);
    line.tail = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) this.#lines.delete(device);
    }
  }
}
