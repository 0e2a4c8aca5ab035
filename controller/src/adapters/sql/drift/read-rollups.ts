import type { Kysely } from "kysely";
import type { CellPlace, CellRollup } from "../../../ports/drift-store.ts";
import type { Schema } from "../schema.ts";
import { rollupOf } from "./rollup-rows.ts";

/** Of all cohorts of one cell. */
export async function rollupsOf(
  database: Kysely<Schema>,
  { releasePrefix, startMs }: CellPlace,
): Promise<readonly CellRollup[]> {
  const rows = await database
    .selectFrom("drift_rollups")
    .selectAll()
    .where("release8", "=", releasePrefix)
    .where("span", "=", "cell")
    .where("start_ms", "=", startMs)
    .execute();
  return rows.map(rollupOf);
}
