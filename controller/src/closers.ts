/**
 * What has been opened, to be closed in the opposite order; every one of them, also when one fails. Node 22 has no
 * `AsyncDisposableStack`.
 */
export class Closers {
  readonly #open: (Disposable | AsyncDisposable)[] = [];

  add(opened: Disposable | AsyncDisposable): void {
    this.#open.push(opened);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let opened = this.#open.pop(); opened !== undefined; opened = this.#open.pop()) {
      try {
        await close(opened);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything could be closed");
  }
}

async function close(opened: Disposable | AsyncDisposable): Promise<void> {
  if (Symbol.asyncDispose in opened) await opened[Symbol.asyncDispose]();
  else opened[Symbol.dispose]();
}
