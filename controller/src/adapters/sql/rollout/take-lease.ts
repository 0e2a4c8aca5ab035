import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

export interface LeaseWish {
  readonly name: string;
  readonly holder: string;
  readonly nowMs: number;
  readonly untilMs: number;
}

/** Whoever has it may prolong it; another gets it once it is over. @returns whether `holder` has it now */
export async function takeLease(
  transaction: Transaction<Schema>,
  { name, holder, nowMs, untilMs }: LeaseWish,
): Promise<boolean> {
  const lease = { holder, until_ms: untilMs };
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto("leases")
    .values({ name, ...lease })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet(lease)
        .where((where) =>
          where.or([where("leases.holder", "=", holder), where("leases.until_ms", "<=", nowMs)]),
        ),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}
