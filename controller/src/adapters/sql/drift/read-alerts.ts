import { Alert, AlertChange } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { AlertPage, AlertPageQuery } from "../../../ports/drift-store.ts";
import type { Schema } from "../schema.ts";

export async function alertPage(
  database: Kysely<Schema>,
  { limit, cursor, states, model }: AlertPageQuery,
): Promise<AlertPage> {
  let found = database.selectFrom("alerts").select(["id", "opened_at_ms", "alert"]);
  if (states !== undefined) found = found.where("state", "in", states);
  if (model !== undefined) found = found.where("model", "=", model);
  const last = cursor === null ? undefined : readCursor(cursor);
  if (last !== undefined) {
    found = found.where((where) =>
      where.or([
        where("opened_at_ms", "<", last.openedAtMs),
        where.and([where("opened_at_ms", "=", last.openedAtMs), where("id", "<", last.id)]),
      ]),
    );
  }
  const rows = await found
    .orderBy("opened_at_ms", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const end = rows.length > limit ? page.at(-1) : undefined;
  return {
    alerts: page.map(({ alert }) => Alert.parse(JSON.parse(alert))),
    next: end === undefined ? null : `${end.opened_at_ms}.${end.id}`,
  };
}

export async function alertById(database: Kysely<Schema>, id: string): Promise<Alert | undefined> {
  const found = database.selectFrom("alerts").select("alert").where("id", "=", id);
  const row = await found.executeTakeFirst();
  return row && Alert.parse(JSON.parse(row.alert));
}

export async function alertChanges(
  database: Kysely<Schema>,
  id: string,
  countMax: number,
): Promise<readonly AlertChange[]> {
  const rows = await database
    .selectFrom("alert_changes")
    .select("change")
    .where("alert", "=", id)
    .orderBy("place")
    .limit(countMax)
    .execute();
  return rows.map(({ change }) => AlertChange.parse(JSON.parse(change)));
}

/** undefined for what no page gave out: the first page then. */
function readCursor(cursor: string): { openedAtMs: number; id: string } | undefined {
  const at = cursor.indexOf(".");
  const openedAtMs = Number(cursor.slice(0, at));
  if (at < 1 || !Number.isSafeInteger(openedAtMs)) return undefined;
  return { openedAtMs, id: cursor.slice(at + 1) };
}
