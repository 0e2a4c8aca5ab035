import { controllerLimits } from "@modelfleet/protocol";
import { type Kysely, sql, type Transaction } from "kysely";
import { StoreError } from "../../domain/errors.ts";
import type { Schema } from "./schema.ts";

interface Waiting {
  readonly task: (transaction: Transaction<Schema>) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that share a commit: what arrives while one commit is under way goes into the next. A commit waits for the
 * disk, and thousands of devices need not wait one after another.
 *
 * 1. A write is answered only after the commit it is in.
 * 2. A write that fails is undone alone. A full or broken disk fails all of its commit.
 */
export class GroupCommit {
  readonly #database: Kysely<Schema>;
  readonly #waiting: Waiting[] = [];
  #isCommitting = false;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  run<T>(task: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = deferred<T>();
    this.#waiting.push({ task, resolve: (value) => resolve(value as T), reject });
    if (!this.#isCommitting) void this.#commitAll();
    return promise;
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    while (this.#waiting.length > 0) {
      await this.#commit(this.#waiting.splice(0, controllerLimits.writesPerCommitMax));
    }
    this.#isCommitting = false;
  }

  async #commit(writes: readonly Waiting[]): Promise<void> {
    try {
      for (const answer of await this.#together(writes)) answer();
    } catch (error) {
      for (const { reject } of writes) reject(error);
    }
  }

  /** @returns how to answer each of them, now that all are on disk */
  #together(writes: readonly Waiting[]): Promise<readonly (() => void)[]> {
    return this.#database.transaction().execute(async (transaction) => {
      const [only, second] = writes;
      if (only !== undefined && second === undefined) {
        const value = await only.task(transaction);
        return [() => only.resolve(value)];
      }
      const answers: (() => void)[] = [];
      for (const write of writes) answers.push(await attempt(transaction, write));
      return answers;
    });
  }
}

/** @returns how to answer the write once the commit is done */
async function attempt(transaction: Transaction<Schema>, write: Waiting): Promise<() => void> {
  await sql`savepoint write`.execute(transaction);
  try {
    const value = await write.task(transaction);
    await sql`release savepoint write`.execute(transaction);
    return () => write.resolve(value);
  } catch (error) {
    // SQLite has then rolled everything back itself.
    if (error instanceof StoreError) throw error;
    await sql`rollback to savepoint write`.execute(transaction);
    return () => write.reject(error);
  }
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
