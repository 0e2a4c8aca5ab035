import type { Transaction } from "kysely";
import type { CellRollup } from "../../../ports/drift-store.ts";
import type { Schema } from "../schema.ts";
import { rollupRow } from "./rollup-rows.ts";

/** In the place of the one that was there. */
export async function storeRollup(
  transaction: Transaction<Schema>,
  place: { readonly release8: string; readonly span: "cell" | "day" },
  rollup: CellRollup,
): Promise<void> {
  const row = rollupRow(place.release8, place.span, rollup);
  await transaction
    .insertInto("drift_rollups")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["release8", "span", "start_ms", "cohort"]).doUpdateSet(row),
    )
    .execute();
}
