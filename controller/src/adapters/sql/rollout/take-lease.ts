import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

export interface LeaseWish {
  readonly name: string;
  readonly holder: string;
  readonly nowMs: number;
  readonly untilMs: number;
}

/**
 * Whoever has it may prolong it; another gets it once it is over. One that ends more than a whole lease
 * after the one that is wished for was given by a clock that was ahead, and is over too; clocks of two controllers differ
 * by less.
 *
 * @returns whether `holder` has it now
 */
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
          where.or([
            where("leases.holder", "=", holder),
            where("leases.until_ms", "<=", nowMs),
            where("leases.until_ms", ">", 2 * untilMs - nowMs),
          ]),
        ),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}
