/**
 * One change of a rollout at a time, in the order they were asked for: its executor's turns and people's words. So
 * nothing is published of a rollout after the change that stopped it. Rollouts do not wait for each other.
 */
export class RolloutLanes {
  readonly #tails = new Map<string, Promise<unknown>>();

  async run<T>(rollout: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(rollout) ?? Promise.resolve();
    // A task that failed has told its own caller; the next one starts all the same.
    const mine = before.then(task, task);
    const tail = mine.catch(() => undefined);
    this.#tails.set(rollout, tail);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(rollout) === tail) this.#tails.delete(rollout);
    }
  }
}
