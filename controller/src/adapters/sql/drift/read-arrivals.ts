import { driftPipelineLimits, type Sha256 } from "@modelfleet/protocol";
import { expressionBuilder, type Kysely } from "kysely";
import type { Arrival, CohortMember, DirtyCell } from "../../../ports/drift-store.ts";
import type { Schema } from "../schema.ts";
import { membersOfCell } from "./read-cells.ts";

/** Newest first. */
export async function rolloutsOf(
  database: Kysely<Schema>,
  release: Sha256,
  sinceMs: number,
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom("rollouts")
    .select("id")
    .where("release", "=", release)
    .where("started_at_ms", "is not", null)
    .where((where) => where.or([where("is_over", "=", 0), where("ended_at_ms", ">=", sinceMs)]))
    .orderBy("created_at_ms", "desc")
    .orderBy("id")
    .limit(driftPipelineLimits.rolloutsLookedAtMax)
    .execute();
  return rows.map(({ id }) => id);
}

/** Devices that said since then that the release has begun to serve there, or has proved to. */
export function arrivedOf(
  database: Kysely<Schema>,
  cell: DirtyCell,
  { rollouts, sinceMs, after, count }: Arrival & { readonly after: string; readonly count: number },
): Promise<readonly CohortMember[]> {
  const where = expressionBuilder<Schema, "devices">();
  const isArrived = where.exists(
    where
      .selectFrom("rollout_executions")
      .select("device")
      .whereRef("device", "=", "devices.id")
      .where("rollout", "in", rollouts)
      .where("state", "in", ["activated", "succeeded"])
      .where("changed_at_ms", ">", sinceMs),
  );
  return membersOfCell(database, cell, { after, count, only: isArrived });
}
