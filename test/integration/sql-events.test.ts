import { eventLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendEvent } from "../../controller/src/adapters/sql/events/append-event.ts";
import { SqlEventStore } from "../../controller/src/adapters/sql/sql-event-store.ts";
import type { OutgoingEvent } from "../../controller/src/domain/events/outgoing-event.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
import {
  addRelease,
  type RolloutTables,
  rolloutRecord,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";

let tables: RolloutTables;
let events: SqlEventStore;

beforeEach(async () => {
  tables = await rolloutTables();
  events = new SqlEventStore(tables.database, tables.commits);
});
afterEach(() => tables[Symbol.asyncDispose]());

const webhook = {
  ...{ id: "00112233aabbccdd", url: "https://hooks.example/", types: ["*"], description: "" },
  ...{ enabled: true, createdAtMs: 1, createdBy: "key:1", secret: "whsec_x" },
};
const event: OutgoingEvent = {
  id: "alert-1",
  type: "modelfleet.alert.firing",
  subject: "alert:1",
  atMs: 7,
  data: { psi: 0.3 },
};
const append = (one: OutgoingEvent) =>
  tables.commits.run((transaction) => appendEvent(transaction, one));
const nextDue = () => events.nextDue(webhook.id, 100);

test("an event and its deliveries are stored with the change they tell of, or none of it is", async () => {
  await events.addWebhook(webhook, auditEntry());

  const change = tables.commits.run(async (transaction) => {
    await appendEvent(transaction, event);
    throw new RangeError("the change failed");
  });

  await expect(change).rejects.toThrow("the change failed");
  expect(await nextDue()).toBeUndefined();
  expect(await append(event)).toBe(1);
  expect(await nextDue()).toMatchObject({
    ...{ seq: 1, attempts: 0, sinceMs: 7, secret: "whsec_x" },
    event: { id: "alert-1", data: '{"psi":0.3}' },
  });
});

test("whoever finds the same thing out twice tells once", async () => {
  await events.addWebhook(webhook, auditEntry());

  expect(await append(event)).toBe(1);
  expect(await append({ ...event, atMs: 9, data: { psi: 0.9 } })).toBeUndefined();
  expect(await append({ ...event, id: "alert-2" })).toBe(2);

  expect(await events.tallies()).toEqual({ pending: 2, delivered: 0, failed: 0 });
});

test("a webhook is told of nothing that happened before it was there", async () => {
  await append(event);
  await events.addWebhook(webhook, auditEntry());

  expect(await nextDue()).toBeUndefined();
  expect(await events.webhook(webhook.id)).toMatchObject({ pending: 0, failed: 0 });
});

test("facts that are too large are a mistake of whoever made them", async () => {
  const fits = { text: "x".repeat(eventLimits.dataBytesMax - '{"text":""}'.length) };

  expect(await append({ ...event, data: fits })).toBe(1);
  const larger = { ...event, id: "alert-2", data: { text: `${fits.text}x` } };
  await expect(append(larger)).rejects.toThrow(RangeError);
});

test("a rollout tells of each of its states in the commit that changes it", async () => {
  await events.addWebhook({ ...webhook, types: ["modelfleet.rollout.*"] }, auditEntry());
  const release = await addRelease(tables, "1.0.0");
  const entry = (action: string) => ({ ...auditEntry(), action, subject: "rollout:r1" });

  await tables.rollouts.add(rolloutRecord(release), [entry("rollout.created")]);
  const before = await tables.rollouts.byId("r1");
  if (before === undefined) throw new Error("expected rollout r1");
  const audit = [entry("rollout.running"), entry("execution.offered"), entry("stage.begun")];
  expect(await tables.rollouts.change(0, before, { audit })).toBe(true);
  expect(await tables.rollouts.change(0, before, { audit })).toBe(false);

  const told = await events.deliveries(webhook.id, 10);
  expect(told.map(({ subject, type }) => [type, subject])).toEqual(
    Array(3).fill(["modelfleet.rollout.state", "rollout:r1"]),
  );
  const rows = await tables.database.selectFrom("outgoing_events").select("data").execute();
  expect(rows.map(({ data }) => (JSON.parse(data) as { action: string }).action)).toEqual([
    "rollout.created",
    "rollout.running",
    "stage.begun",
  ]);
});

test("one process at a time delivers: the one with the lease, until it is over", async () => {
  const lease = (holder: string, nowMs: number) =>
    events.lease(holder, { nowMs, untilMs: nowMs + 10 });

  expect(await lease("a", 0)).toBe(true);
  expect(await lease("b", 5)).toBe(false);
  expect(await lease("a", 9)).toBe(true);
  expect(await lease("b", 18)).toBe(false);
  expect(await lease("b", 19)).toBe(true);
  expect(await lease("a", 20)).toBe(false);
});
