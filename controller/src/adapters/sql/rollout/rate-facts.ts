import type { Kysely } from "kysely";
import type { RateFacts } from "../../../domain/rollout/pacing/rate-tokens.ts";
import type { Schema } from "../schema.ts";

/** Orders of a rollout, as its rate counts them. */
export async function rateFactsOf(
  database: Kysely<Schema>,
  rollout: string,
  since: { readonly minuteMs: number; readonly shareMs: number },
): Promise<RateFacts> {
  const found = database.selectFrom("rollouts").select("offered").where("id", "=", rollout);
  const offered = (await found.executeTakeFirst())?.offered ?? 0;
  const succeeded = await database
    .selectFrom("rollout_tallies")
    .select((column) => column.fn.sum<number | null>("count").as("count"))
    .where("rollout", "=", rollout)
    .where("state", "=", "succeeded")
    .executeTakeFirst();
  return {
    offered,
    succeeded: succeeded?.count ?? 0,
    offeredInMinute: await offeredAfter(database, rollout, since.minuteMs),
    offeredInShare: await offeredAfter(database, rollout, since.shareMs),
  };
}

async function offeredAfter(
  database: Kysely<Schema>,
  rollout: string,
  atMs: number,
): Promise<number> {
  const row = await database
    .selectFrom("rollout_orders")
    .select((column) => column.fn.sum<number | null>("count").as("count"))
    .where("rollout", "=", rollout)
    .where("at_ms", ">", atMs)
    .executeTakeFirst();
  return row?.count ?? 0;
}
