import { rolloutLimits, type Sha256 } from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { PoisonRecord, RolloutPage, RolloutPageQuery } from "../../../ports/rollout-store.ts";
import { rowsBy } from "../rows-by.ts";
import type { Schema } from "../schema.ts";
import { snapshotOf } from "./rollout-rows.ts";
import type { RolloutsTable } from "./rollout-tables.ts";

export async function rolloutById(
  database: Kysely<Schema>,
  id: string,
): Promise<RolloutSnapshot | undefined> {
  const found = database.selectFrom("rollouts").selectAll().where("id", "=", id);
  const [snapshot] = await withStages(database, await found.execute());
  return snapshot;
}

export async function rolloutPage(
  database: Kysely<Schema>,
  { limit, cursor, direction }: RolloutPageQuery,
): Promise<RolloutPage> {
  const [order, beyond] = direction === "oldest-first" ? (["asc", ">"] as const) : newestFirst;
  let found = database.selectFrom("rollouts").selectAll();
  const last = cursor === null ? undefined : readCursor(cursor);
  if (last !== undefined) {
    found = found.where((where) =>
      where.or([
        where("created_at_ms", beyond, last.createdAtMs),
        where.and([where("created_at_ms", "=", last.createdAtMs), where("id", beyond, last.id)]),
      ]),
    );
  }
  const rows = await found
    .orderBy("created_at_ms", order)
    .orderBy("id", order)
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const end = rows.length > limit ? page.at(-1) : undefined;
  return {
    rollouts: await withStages(database, page),
    next: end === undefined ? null : `${end.created_at_ms}.${end.id}`,
  };
}

const newestFirst = ["desc", "<"] as const;

/** Which rollouts an executor looks after. */
export async function activeRollouts(
  database: Kysely<Schema>,
  nowMs: number,
): Promise<readonly string[]> {
  const rollouts = () =>
    database
      .selectFrom("rollouts")
      .select("id")
      .orderBy("created_at_ms")
      .orderBy("id")
      .limit(rolloutLimits.activeRolloutsMax);
  const going = await rollouts().where("is_over", "=", 0).execute();
  const awaited = database
    .selectFrom("rollout_tallies")
    .select("rollout")
    .where("state", "in", ["reverting", "straggler"])
    .where("count", ">", 0);
  const over = await rollouts()
    .where("is_over", "=", 1)
    .where((where) => where.or([where("watch_until_ms", ">", nowMs), where("id", "in", awaited)]))
    .execute();
  return [...going, ...over].slice(0, rolloutLimits.activeRolloutsMax).map(({ id }) => id);
}

export async function poisonOf(
  database: Kysely<Schema>,
  release: Sha256,
): Promise<PoisonRecord | undefined> {
  const found = database.selectFrom("poisoned_releases").selectAll();
  const row = await found.where("release", "=", release).executeTakeFirst();
  if (row === undefined) return undefined;
  return { release, rollout: row.rollout, reason: row.reason, atMs: row.at_ms };
}

async function withStages(
  database: Kysely<Schema>,
  rows: readonly Selectable<RolloutsTable>[],
): Promise<RolloutSnapshot[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const stages = await database
    .selectFrom("rollout_stages")
    .selectAll()
    .where("rollout", "in", ids)
    .orderBy("stage")
    .execute();
  const tallies = await database
    .selectFrom("rollout_tallies")
    .selectAll()
    .where("rollout", "in", ids)
    .execute();
  const stagesOf = rowsBy(stages, ({ rollout }) => rollout);
  const talliesOf = rowsBy(tallies, ({ rollout }) => rollout);
  return rows.map((row) =>
    snapshotOf(row, stagesOf.get(row.id) ?? [], talliesOf.get(row.id) ?? []),
  );
}

/** undefined for what no page gave out: the first page then. */
function readCursor(cursor: string): { createdAtMs: number; id: string } | undefined {
  const at = cursor.indexOf(".");
  const createdAtMs = Number(cursor.slice(0, at));
  if (at < 1 || !Number.isSafeInteger(createdAtMs)) return undefined;
  return { createdAtMs, id: cursor.slice(at + 1) };
}
