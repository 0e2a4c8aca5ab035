import type { ExecutionState } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { ExecutionPage, ExecutionQuery } from "../../../ports/rollout-store.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { type ExecutionRow, executionOf } from "./execution-rows.ts";
import { selectExecutions } from "./read-executions.ts";

/**
 * A page in the order of the rollout, after the position that is the cursor. Some states of a large rollout are found
 * through the tallies: of each state and stage that has any the next few are read, so nothing walks through the others.
 */
export async function executionPage(
  database: Kysely<Schema>,
  rollout: string,
  query: ExecutionQuery,
): Promise<ExecutionPage> {
  const onlineMin = query.isOnline === true ? 1 : 0;
  const after = afterOf(query.cursor);
  const attemptsBelow = query.attemptsBelow ?? Number.MAX_SAFE_INTEGER;
  const place = { rollout, after, onlineMin, attemptsBelow, count: query.limit + 1 };
  const rows =
    query.states.length === 0 && query.stage === null
      ? await inOrder.rows(database, place)
      : await mergedRows(database, query, place);
  const page = rows.slice(0, query.limit);
  const end = rows.length > query.limit ? page.at(-1) : undefined;
  return {
    executions: page.map(executionOf),
    next: end === undefined ? null : String(end.position),
  };
}

interface Place {
  readonly rollout: string;
  readonly after: number;
  readonly onlineMin: number;
  readonly attemptsBelow: number;
  readonly count: number;
}

async function mergedRows(
  database: Kysely<Schema>,
  { states, stage }: ExecutionQuery,
  place: Place,
): Promise<ExecutionRow[]> {
  let tallies = database
    .selectFrom("rollout_tallies")
    .select(["stage", "state"])
    .where("rollout", "=", place.rollout)
    .where("count", ">", 0);
  if (states.length > 0) tallies = tallies.where("state", "in", states);
  if (stage !== null) tallies = tallies.where("stage", "=", stage);
  const found: ExecutionRow[] = [];
  for (const { stage: of, state } of await tallies.execute()) {
    found.push(...(await inStage.rows(database, { ...place, stage: of, state })));
  }
  return found.sort((left, right) => left.position - right.position).slice(0, place.count);
}

const inOrder = new Prepared<Place, ExecutionRow>((database, value) =>
  selectExecutions(database)
    .where("e.rollout", "=", value("rollout"))
    .where("e.position", ">", value("after"))
    .where("d.online", ">=", value("onlineMin"))
    .where("e.attempts", "<", value("attemptsBelow"))
    .orderBy("e.position")
    .limit(value("count")),
);

const inStage = new Prepared<
  Place & { readonly stage: number; readonly state: ExecutionState },
  ExecutionRow
>((database, value) =>
  selectExecutions(database)
    .where("e.rollout", "=", value("rollout"))
    .where("e.stage", "=", value("stage"))
    .where("e.state", "=", value("state"))
    .where("e.position", ">", value("after"))
    .where("d.online", ">=", value("onlineMin"))
    .where("e.attempts", "<", value("attemptsBelow"))
    .orderBy("e.position")
    .limit(value("count")),
);

/** A cursor that no page gave out begins at the start. */
function afterOf(cursor: string | null): number {
  const position = cursor === null ? Number.NaN : Number(cursor);
  return Number.isSafeInteger(position) ? position : -1;
}
