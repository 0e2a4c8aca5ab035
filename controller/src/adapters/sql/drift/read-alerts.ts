import { Alert, AlertChange, type Digest8 } from "@modelfleet/protocol";
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

const openStates = ["FIRING", "RECOVERING", "SUPPRESSED", "ACKED"] as const;

export async function silentReleases(
  database: Kysely<Schema>,
  judgedBeforeMs: number,
  countMax: number,
): Promise<readonly Digest8[]> {
  const rows = await database
    .selectFrom("drift_releases")
    .select("release8")
    .where("judged_ms", "<", judgedBeforeMs)
    .where((where) =>
      where.exists(
        where
          .selectFrom("alerts")
          .select("id")
          .whereRef("alerts.release8", "=", "drift_releases.release8")
          .where("state", "in", openStates),
      ),
    )
    .orderBy("judged_ms")
    .limit(countMax)
    .execute();
  return rows.map(({ release8 }) => release8 as Digest8);
}

/** undefined for what no page gave out: the first page then. */
function readCursor(cursor: string): { openedAtMs: number; id: string } | undefined {
  const at = cursor.indexOf(".");
  const openedAtMs = Number(cursor.slice(0, at));
  if (at < 1 || !Number.isSafeInteger(openedAtMs)) return undefined;
  return { openedAtMs, id: cursor.slice(at + 1) };
}
