import { type Kysely, sql, type Transaction } from "kysely";
import type { CellRollup } from "../../../ports/drift-store.ts";
import type { Schema } from "../schema.ts";
import { rollupOf } from "./rollup-rows.ts";
import { storeRollup } from "./store-rollup.ts";

export interface FoldedDays {
  readonly endedBeforeMs: number;
  readonly daysMax: number;
  readonly add: (cells: readonly CellRollup[]) => CellRollup;
}

const DAY_MS = 86_400_000;

/** @returns how many days of one release each were made anew */
export async function foldDays(
  database: Kysely<Schema>,
  { endedBeforeMs, daysMax, add }: FoldedDays,
): Promise<number> {
  const dayMs = sql<number>`cell_ms - cell_ms % ${sql.lit(DAY_MS)}`;
  const days = await database
    .selectFrom("drift_cells")
    .select(["release8", dayMs.as("day_ms")])
    .distinct()
    .where(sql.ref("folded"), ">", sql.ref("day_folded"))
    .where("cell_ms", "<", endedBeforeMs - (endedBeforeMs % DAY_MS))
    .limit(daysMax)
    .execute();
  for (const { release8, day_ms } of days) {
    await database
      .transaction()
      .execute((transaction) => foldDay(transaction, { release8, dayMs: day_ms }, add));
  }
  return days.length;
}

/** A cohort at a time: what is held is one day of one cohort. */
async function foldDay(
  transaction: Transaction<Schema>,
  { release8, dayMs }: { readonly release8: string; readonly dayMs: number },
  add: FoldedDays["add"],
): Promise<void> {
  const inDay = () =>
    transaction
      .selectFrom("drift_rollups")
      .where("release8", "=", release8)
      .where("span", "=", "cell")
      .where("start_ms", ">=", dayMs)
      .where("start_ms", "<", dayMs + DAY_MS);
  const cohorts = await inDay().select("cohort").distinct().execute();
  for (const { cohort } of cohorts) {
    const rows = await inDay().selectAll().where("cohort", "=", cohort).execute();
    const day = { ...add(rows.map(rollupOf)), startMs: dayMs, lengthMs: DAY_MS };
    await storeRollup(transaction, { release8, span: "day" }, day);
  }
  await transaction
    .updateTable("drift_cells")
    .set({ day_folded: sql.ref("folded") })
    .where("release8", "=", release8)
    .where("cell_ms", ">=", dayMs)
    .where("cell_ms", "<", dayMs + DAY_MS)
    .execute();
}

export async function forgetRollups(
  transaction: Transaction<Schema>,
  span: "cell" | "day",
  { beforeMs, countMax }: { readonly beforeMs: number; readonly countMax: number },
): Promise<number> {
  const key = ["release8", "span", "start_ms", "cohort"] as const;
  const old = transaction
    .selectFrom("drift_rollups")
    .select(key)
    .where("span", "=", span)
    .where("start_ms", "<", beforeMs)
    .orderBy("start_ms")
    .limit(countMax);
  const { numDeletedRows } = await transaction
    .deleteFrom("drift_rollups")
    .where((where) => where.eb(where.refTuple(...key), "in", old.$asTuple(...key)))
    .executeTakeFirst();
  // No window comes for so old a cell (`historicalAgeMsMax`).
  if (span === "cell") {
    await transaction.deleteFrom("drift_cells").where("cell_ms", "<", beforeMs).execute();
  }
  return Number(numDeletedRows);
}
