import { ExecutionState } from "@modelfleet/protocol";
import { type Kysely, sql } from "kysely";
import { isCancelable } from "../../../domain/rollout/machine/execution-states.ts";
import type { SettleQuery, StoredExecution } from "../../../ports/rollout-store.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { type ExecutionRow, executionOf, RETURNABLE } from "./execution-rows.ts";
import { selectExecutions } from "./read-executions.ts";

/**
 * First whoever has not begun to serve, that he does not begin. Then, to be sent back, whoever is still told to run the
 * release and has something to go back to. The tallies tell where there are any.
 */
export async function executionsToSettle(
  database: Kysely<Schema>,
  rollout: string,
  query: SettleQuery,
): Promise<readonly StoredExecution[]> {
  const places = await talliesOf(database, rollout, query);
  const found: ExecutionRow[] = [];
  const left = () => query.count - found.length;
  for (const { stage, state } of places.filter((place) => isCancelable(place.state))) {
    if (left() === 0) break;
    found.push(...(await ofState.rows(database, { rollout, stage, state, count: left() })));
  }
  if (query.devices === "keep") return found.map(executionOf);
  const returnable = places.filter((place) => place.returnable > 0);
  for (const stage of new Set(returnable.map((place) => place.stage))) {
    if (left() === 0) break;
    found.push(...(await toReturn.rows(database, { rollout, stage, count: left() })));
  }
  return found.map(executionOf);
}

async function talliesOf(database: Kysely<Schema>, rollout: string, { stages }: SettleQuery) {
  let tallies = database
    .selectFrom("rollout_tallies")
    .select(["stage", "state", "returnable"])
    .where("rollout", "=", rollout)
    .where("count", ">", 0)
    .orderBy("stage")
    .orderBy("state");
  if (stages !== null) tallies = tallies.where("stage", "in", stages);
  return tallies.execute();
}

type Place = Readonly<{ rollout: string; stage: number; count: number }>;

const ofState = new Prepared<Place & { readonly state: ExecutionState }, ExecutionRow>(
  (database, value) =>
    selectExecutions(database)
      .where("e.rollout", "=", value("rollout"))
      .where("e.stage", "=", value("stage"))
      .where("e.state", "=", value("state"))
      .orderBy("e.position")
      .limit(value("count")),
);

/** Those that can be canceled come first, by the query above. */
const toReturn = new Prepared<Place, ExecutionRow>((database, value) =>
  selectExecutions(database)
    .where("e.rollout", "=", value("rollout"))
    .where("e.stage", "=", value("stage"))
    .where("e.wanted", "=", sql.lit(RETURNABLE))
    .where("e.state", "not in", ExecutionState.options.filter(isCancelable))
    .orderBy("e.position")
    .limit(value("count")),
);
