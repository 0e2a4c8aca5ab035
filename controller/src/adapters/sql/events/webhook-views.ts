import type { Webhook, WebhookId } from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { Schema } from "../schema.ts";
import type { WebhooksTable } from "./event-tables.ts";

/** Newest first; nothing of their secrets. @param id of the only one that is wanted */
export async function webhookViews(
  database: Kysely<Schema>,
  id?: WebhookId,
): Promise<readonly Webhook[]> {
  let found = database
    .selectFrom("webhooks")
    .select(["id", "url", "types", "description", "enabled", "created_at_ms", "created_by"]);
  let counted = database
    .selectFrom("webhook_deliveries")
    .select(["webhook", "state", (row) => row.fn.countAll<number>().as("count")]);
  if (id !== undefined) {
    found = found.where("id", "=", id);
    counted = counted.where("webhook", "=", id);
  }
  const rows = await found.orderBy("created_at_ms", "desc").orderBy("id").execute();
  const counts = await counted.groupBy(["webhook", "state"]).execute();
  const countOf = (webhook: string, state: string) =>
    counts.find((row) => row.webhook === webhook && row.state === state)?.count ?? 0;
  return rows.map((row) => ({
    ...viewOf(row),
    pending: countOf(row.id, "pending"),
    failed: countOf(row.id, "failed"),
  }));
}

function viewOf(
  row: Omit<Selectable<WebhooksTable>, "secret">,
): Omit<Webhook, "pending" | "failed"> {
  const { id, url, description } = row;
  return {
    id,
    url,
    description,
    types: JSON.parse(row.types) as string[],
    enabled: row.enabled === 1,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
  };
}
