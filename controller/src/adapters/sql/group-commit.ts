import { setTimeout as delay, setImmediate as immediate } from "node:timers/promises";
import { controllerLimits } from "@modelfleet/protocol";
import type { Kysely, Transaction } from "kysely";
import { StoreError } from "../../domain/errors.ts";
import type { Schema } from "./schema.ts";

/** So many writes in one commit are a crowd. */
const MANY = 32;

interface Waiting {
  readonly task: (transaction: Transaction<Schema>) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that share a commit: what arrives while one commit is under way goes into the next, and so does what arrives in
 * the same turn of the event loop. A commit waits for the disk, and thousands of devices need not wait one after another.
 *
 * 1. A write is answered only after the commit it is in.
 * 2. Where many write, the next commit waits a moment, so that it has more of them: the disk is what takes time.
 * 3. A write that fails fails alone: the others are done once more without it, so each must be safe to repeat. A full or
 *    broken disk fails all of them.
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
    if (!this.#isCommitting) {
      this.#isCommitting = true;
      setImmediate(() => void this.#commitAll());
    }
    return promise;
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const writes = this.#waiting.splice(0, controllerLimits.writesPerCommitMax);
      await this.#commit(writes);
      await (writes.length < MANY ? immediate() : delay(controllerLimits.commitPauseMs));
    }
    this.#isCommitting = false;
  }

  async #commit(writes: readonly Waiting[]): Promise<void> {
    try {
      for (const answer of await this.#together(writes)) answer();
    } catch (error) {
      if (writes.length > 1 && !(error instanceof StoreError)) return this.#inHalves(writes);
      for (const { reject } of writes) reject(error);
    }
  }

  /** Rule 3: whichever it was, it is alone after a few commits. */
  async #inHalves(writes: readonly Waiting[]): Promise<void> {
    const middle = Math.ceil(writes.length / 2);
    await this.#commit(writes.slice(0, middle));
    await this.#commit(writes.slice(middle));
  }

  /** @returns how to answer each of them, now that all are on disk */
  #together(writes: readonly Waiting[]): Promise<readonly (() => void)[]> {
    return this.#database.transaction().execute(async (transaction) => {
      const answers: (() => void)[] = [];
      for (const { task, resolve } of writes) {
        const value = await task(transaction);
        answers.push(() => resolve(value));
      }
      return answers;
    });
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
