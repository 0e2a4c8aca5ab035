/** What has been opened, to be closed in the opposite order; every one of them, also when one fails. */
export class Closers {
  readonly #open: (() => PromiseLike<void> | undefined)[] = [];

  add(close: () => PromiseLike<void> | undefined): void {
    this.#open.push(close);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#open.pop(); close !== undefined; close = this.#open.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything could be closed");
  }
}
