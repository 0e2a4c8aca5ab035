import type { Kysely } from "kysely";
import type { RateFacts } from "../../../domain/rollout/pacing/rate-tokens.ts";
import type { RateSpan } from "../../../ports/rollout-store.ts";
import type { Schema } from "../schema.ts";

/** Orders of a rollout, as its rate counts them. */
export async function rateFactsOf(
  database: Kysely<Schema>,
  rollout: string,
  { minuteMs, shareMs, nowMs }: RateSpan,
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
    offeredInMinute: await offeredIn(database, rollout, [minuteMs, nowMs]),
    offeredInShare: await offeredIn(database, rollout, [shareMs, nowMs]),
  };
}

async function offeredIn(
  database: Kysely<Schema>,
  rollout: string,
  [fromMs, toMs]: readonly [number, number],
): Promise<number> {
  const row = await database
    .selectFrom("rollout_orders")
    .select((column) => column.fn.sum<number | null>("count").as("count"))
    .where("rollout", "=", rollout)
    .where("at_ms", ">", fromMs)
    .where("at_ms", "<=", toMs)
    .executeTakeFirst();
  return row?.count ?? 0;
}
