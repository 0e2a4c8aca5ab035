import type { Kysely, Transaction } from "kysely";
import type { Schema } from "./schema.ts";

/** Somebody else was faster. Thrown to roll a transaction back; it is an expected outcome. */
export class Moved extends Error {}

/** @returns false when it has moved; then nothing has changed */
export async function unlessMoved(
  database: Kysely<Schema>,
  task: (transaction: Transaction<Schema>) => Promise<void>,
): Promise<boolean> {
  try {
    await database.transaction().execute(task);
    return true;
  } catch (error) {
    if (error instanceof Moved) return false;
    throw error;
  }
}
