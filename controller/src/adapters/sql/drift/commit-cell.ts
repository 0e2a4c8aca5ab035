import type { Transaction } from "kysely";
import type { CellOutcome } from "../../../ports/drift-store.ts";
import { Moved } from "../moved.ts";
import type { Schema } from "../schema.ts";
import { changeAlerts } from "./change-alerts.ts";
import { storeRollup } from "./store-rollup.ts";

/**
 * Roll-ups, verdicts, alerts and what tells of them become true together, over the very cell that was read.
 *
 * @throws Moved
 */
export async function commitCell(
  transaction: Transaction<Schema>,
  { cell, rollups, change }: CellOutcome,
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable("drift_cells")
    .set({ folded: cell.marked })
    .where("release8", "=", cell.releasePrefix)
    .where("cell_ms", "=", cell.startMs)
    .where("folded", "=", cell.folded)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Moved(`${cell.releasePrefix} ${cell.startMs}`);
  const place = { release8: cell.releasePrefix, span: "cell" } as const;
  for (const rollup of rollups) await storeRollup(transaction, place, rollup);
  if (change !== null) await changeAlerts(transaction, change);
}
