import { rolloutLimits } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { IdempotencyKey, IdempotentAnswer } from "../../../ports/rollout-store.ts";
import type { Schema } from "../schema.ts";

/**
 * Rules:
 *
 * 1. A key belongs to its caller, and is kept for `rolloutLimits.idempotencyMsMax`.
 * 2. The same body gets the answer of the first call; another body is told so.
 * 3. A call that never came to an end (the controller crashed) has stored nothing: the answer is stored with what it
 *    made. After `idempotencyUnderWayMsMax` its key is free.
 * 4. No more keys are kept than `idempotencyKeysMax`; the oldest go.
 *
 * @returns what was answered before; undefined: the key is new and now taken
 */
export async function takeKey(
  transaction: Transaction<Schema>,
  { caller, key, bodySha256, atMs }: IdempotencyKey,
): Promise<IdempotentAnswer | undefined> {
  await forgetOld(transaction, atMs);
  const known = await transaction
    .selectFrom("idempotency_keys")
    .selectAll()
    .where("caller", "=", caller)
    .where("key", "=", key)
    .executeTakeFirst();
  if (known !== undefined) {
    if (known.body_sha256 !== bodySha256) return { kind: "other-body" };
    return { kind: "same", answer: known.answer };
  }
  const row = { caller, key, body_sha256: bodySha256, at_ms: atMs, answer: null };
  await transaction.insertInto("idempotency_keys").values(row).execute();
  return undefined;
}

export async function answerKey(
  transaction: Transaction<Schema>,
  { caller, key }: IdempotencyKey,
  answer: string,
): Promise<void> {
  await transaction
    .updateTable("idempotency_keys")
    .set({ answer })
    .where("caller", "=", caller)
    .where("key", "=", key)
    .execute();
}

/** One that was answered stays. */
export async function forgetKey(
  transaction: Transaction<Schema>,
  { caller, key }: IdempotencyKey,
): Promise<void> {
  await transaction
    .deleteFrom("idempotency_keys")
    .where("caller", "=", caller)
    .where("key", "=", key)
    .where("answer", "is", null)
    .execute();
}

/** Rule 3, when nobody else is there to answer: none of them is under way. */
export async function forgetUnanswered(transaction: Transaction<Schema>): Promise<void> {
  await transaction.deleteFrom("idempotency_keys").where("answer", "is", null).execute();
}

/** Rules 1, 3 and 4. */
async function forgetOld(transaction: Transaction<Schema>, nowMs: number): Promise<void> {
  const { idempotencyMsMax, idempotencyUnderWayMsMax, idempotencyKeysMax } = rolloutLimits;
  const keys = () => transaction.deleteFrom("idempotency_keys");
  await keys()
    .where("at_ms", "<=", nowMs - idempotencyMsMax)
    .execute();
  await keys()
    .where("at_ms", "<=", nowMs - idempotencyUnderWayMsMax)
    .where("answer", "is", null)
    .execute();
  const beyond = await transaction
    .selectFrom("idempotency_keys")
    .select("at_ms")
    .orderBy("at_ms", "desc")
    .offset(idempotencyKeysMax - 1)
    .limit(1)
    .executeTakeFirst();
  if (beyond !== undefined) await keys().where("at_ms", "<=", beyond.at_ms).execute();
}
