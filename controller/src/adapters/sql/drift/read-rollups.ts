import type { Digest8 } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type {
  CellPlace,
  CellRollup,
  DriftMemory,
  DriftRelease,
  RollupQuery,
} from "../../../ports/drift-store.ts";
import type { Schema } from "../schema.ts";
import { unpacked } from "./packed.ts";
import { rollupOf } from "./rollup-rows.ts";

/** Of all cohorts of one cell. */
export async function rollupsOfCell(
  database: Kysely<Schema>,
  { releasePrefix, startMs }: CellPlace,
): Promise<readonly CellRollup[]> {
  const rows = await cellRollups(database, releasePrefix)
    .selectAll()
    .where("start_ms", "=", startMs)
    .execute();
  return rows.map(rollupOf);
}

export async function rollupsOfCohort(
  database: Kysely<Schema>,
  { releasePrefix, cohort, fromMs, untilMs, count, first = "newest" }: RollupQuery,
): Promise<readonly CellRollup[]> {
  const rows = await cellRollups(database, releasePrefix)
    .selectAll()
    .where("cohort", "=", cohort)
    .where("start_ms", ">=", fromMs)
    .where("start_ms", "<", untilMs)
    .orderBy("start_ms", first === "newest" ? "desc" : "asc")
    .limit(count)
    .execute();
  return rows.map(rollupOf);
}

export async function newestRollups(
  database: Kysely<Schema>,
  releasePrefix: Digest8,
  sinceMs: number,
): Promise<readonly CellRollup[]> {
  const newest = cellRollups(database, releasePrefix)
    .select(({ fn }) => [fn.max<number>("start_ms").as("start_ms"), "cohort"])
    .where("start_ms", ">=", sinceMs)
    .where("verdicts", "is not", null)
    .groupBy("cohort");
  // Not a join: SQLite would go through all roll-ups of the release for it.
  const rows = await cellRollups(database, releasePrefix)
    .selectAll()
    .where((where) =>
      where.eb(where.refTuple("start_ms", "cohort"), "in", newest.$asTuple("start_ms", "cohort")),
    )
    .execute();
  return rows.map(rollupOf);
}

function cellRollups(database: Kysely<Schema>, releasePrefix: Digest8) {
  return database
    .selectFrom("drift_rollups")
    .where("release8", "=", releasePrefix)
    .where("span", "=", "cell");
}

export async function driftRelease(
  database: Kysely<Schema>,
  releasePrefix: Digest8,
): Promise<DriftRelease | undefined> {
  const found = database.selectFrom("drift_releases").selectAll();
  const row = await found.where("release8", "=", releasePrefix).executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    releasePrefix,
    version: row.version,
    judgedMs: row.judged_ms,
    memory: unpacked(row.state) as DriftMemory,
  };
}

export async function releasesWithRollups(database: Kysely<Schema>): Promise<readonly Digest8[]> {
  // A row a cell, where roll-ups have one a cohort of each.
  const found = database.selectFrom("drift_cells").select("release8").distinct();
  return (await found.where("folded", ">", 0).execute()).map(({ release8 }) => release8 as Digest8);
}
