import {
  type DeviceId,
  type mainSlot,
  type ReportItem,
  RolloutPlan,
  type Sha256,
  type SlotReport,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  deployByHand,
  offerOf,
  revertOf,
  slotOf,
  stepOf,
} from "../support/controller/rollout-orders.ts";
import {
  addDevices,
  addRelease,
  newExecution,
  type RolloutTables,
  rolloutRecord,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";
import { gatewayFacts } from "../support/controller/simulated-device.ts";

let tables: RolloutTables;
let release: Sha256;
let older: Sha256;
let device: DeviceId;
let other: DeviceId;
const plan = RolloutPlan.parse({ retries: { attemptsMax: 2, backoffMs: 0 } });
const rollout = (changes: Parameters<typeof rolloutRecord>[1] = {}) =>
  rolloutRecord(release, { plan, state: "running", ...changes });
beforeEach(async () => {
  tables = await rolloutTables();
  older = await addRelease(tables, "0.9.0");
  release = await addRelease(tables, "1.0.0");
  const devices = await addDevices(tables, 2);
  [device, other] = [devices[0] as DeviceId, devices[1] as DeviceId];
  await deployByHand(tables, device, { id: "d1", release: older, atMs: 30 });
  await tables.rollouts.add(rollout(), []);
  await tables.rollouts.addExecutions("r1", 0, [newExecution(device, 0), newExecution(other, 1)]);
  await give("r1");
});
afterEach(() => tables[Symbol.asyncDispose]());

const give = async (id: string) => {
  const order = await offerOf(tables, device, { rollout: rollout({ id }), nowMs: 50 });
  expect(await tables.rollouts.advance(id, 0, [order])).toBe(true);
};
let places = 0;
const report = (
  said: { items?: ReportItem[]; slots?: SlotReport[]; heldSeq?: number; atMs?: number },
  place: { boot?: number; seq?: number; from?: DeviceId } = {},
) => {
  const { items = [], slots = [], heldSeq = 2, atMs = 60 } = said;
  const { boot = 1, seq = places++, from = device } = place;
  return tables.fleet.recordReport(from, {
    ...{ boot, seq, atMs, reportedSeq: heldSeq, items, slots, dropped: 0 },
  });
};
const execution = async (id = "r1") => (await tables.rollouts.execution(id, device))?.execution;
const steps = async (id = "r1") =>
  (await tables.audit.pageOf(`rollout:${id}`, 0, 99)).map(({ action }) => action);
const tally = async (id = "r1") => {
  const rows = await tables.database.selectFrom("rollout_tallies").selectAll().execute();
  const some = rows.filter(({ rollout: of, count }) => of === id && count > 0);
  return Object.fromEntries(some.map(({ state, count }) => [state, count]));
};
const succeed = () => report({ items: [stepOf(release, "confirmed")], slots: [slotOf(release)] });

describe("a report of a device", () => {
  test("moves its execution, its tally and the audit log in its own transaction, and names the rollout", async () => {
    const told = [stepOf(release, "accepted"), stepOf(release, "downloading")];

    expect(await report({ items: told })).toEqual({ kind: "stored", rollouts: ["r1"] });
    expect(await tally()).toEqual({ downloading: 1, queued: 1 });
    await succeed();

    expect(await execution()).toMatchObject({ state: "succeeded", changedAtMs: 60, dueAtMs: null });
    expect(await tally()).toEqual({ succeeded: 1, queued: 1 });
    expect(await steps()).toEqual([
      ...["execution.offered", "execution.accepted", "execution.downloading"],
      ...["execution.activated", "execution.succeeded"],
    ]);
    expect(await tables.rollouts.inFlight("r1")).toBe(0);
  });

  test("that says nothing new of the rollout wakes nobody", async () => {
    await succeed();
    const before = await steps();

    expect(await report({ slots: [slotOf(release)] })).toEqual({ kind: "stored", rollouts: [] });

    expect(await steps()).toEqual(before);
  });

  test.each([
    ["that comes twice", { boot: 3, seq: 5 }],
    ["that is older than the newest", { boot: 3, seq: 4 }],
    ["of an earlier start", { boot: 2, seq: 99 }],
  ])("%s changes nothing", async (_, place) => {
    await report({ items: [stepOf(release, "downloading")] }, { boot: 3, seq: 5 });
    const was = await tables.dump();

    const again = { items: [stepOf(release, "confirmed")], slots: [slotOf(release)] };
    expect(await report(again, place)).toEqual({ kind: "duplicate" });

    expect(await tables.dump()).toEqual(was);
  });

  test("that comes from another one changes only that one's, which has no order", async () => {
    const told = { items: [stepOf(release, "confirmed")], slots: [slotOf(release)], heldSeq: 2 };

    expect(await report(told, { from: other })).toEqual({ kind: "stored", rollouts: [] });

    expect(await execution()).toMatchObject({ state: "offered" });
    expect((await tables.rollouts.execution("r1", other))?.version).toBe(0);
  });

  test("written under an older document proves nothing of the order", async () => {
    const told = { items: [stepOf(release, "confirmed")], slots: [slotOf(release)], heldSeq: 1 };

    expect(await report(told)).toEqual({ kind: "stored", rollouts: [] });

    expect(await execution()).toMatchObject({ state: "offered" });
  });

  test("that waited while a later hello told more is judged by what the hello said", async () => {
    await report({ items: [stepOf(release, "activated")] });
    await hello({ boot: 2, slots: [slotOf(release)] });
    expect(await execution()).toMatchObject({ state: "succeeded" });

    const late = { items: [stepOf(release, "activated")], slots: [slotOf(older)] };
    expect(await report(late, { boot: 1 })).toEqual({ kind: "stored", rollouts: [] });

    expect(await execution()).toMatchObject({ state: "succeeded" });
  });

  test("written before the hello of the same start is judged by what the hello said, one after it by its own word", async () => {
    await hello({ boot: 1, slots: [slotOf(release)], reports: 8 });
    expect(await execution()).toMatchObject({ state: "succeeded" });

    const before = { items: [stepOf(release, "activated")], slots: [slotOf(older)] };
    expect(await report(before, { boot: 1, seq: 7 })).toEqual({ kind: "stored", rollouts: [] });
    expect(await execution()).toMatchObject({ state: "succeeded" });

    await report(before, { boot: 1, seq: 8 });
    expect(await execution()).toMatchObject({ state: "rolled-back", code: "DIVERGED" });
  });

  test("of another slot, or another release in this one, is none of the rollout's", async () => {
    const elsewhere = stepOf(release, "downloading", { slot: "second" as typeof mainSlot });

    await report({ items: [elsewhere, stepOf(older, "downloading")] });

    // It holds the document that carries the order; more is not said.
    expect(await execution()).toMatchObject({ state: "accepted" });
  });
});

const hello = (said: {
  boot?: number;
  era?: number;
  slots: SlotReport[];
  reportedSeq?: number;
  reports?: number;
}) => {
  const { boot = 1, era = 0, slots, reportedSeq = 2, reports = 0 } = said;
  return tables.fleet.recordHello(device, {
    ...{ boot, era, issuedAtMs: 70, atMs: 71, agentVersion: "0.1.0", facts: gatewayFacts },
    ...{ slots, reportedSeq, reports },
  });
};

describe("a hello of a device", () => {
  test("tells how far it is, and names the rollout", async () => {
    expect(await hello({ slots: [slotOf(older)] })).toEqual(["r1"]);
    expect(await execution()).toMatchObject({ state: "accepted", changedAtMs: 71 });

    expect(await hello({ slots: [slotOf(release)] })).toEqual(["r1"]);
    expect(await execution()).toMatchObject({ state: "succeeded" });
    expect(await hello({ slots: [slotOf(release)] })).toEqual([]);
  });
});

describe("a device that succeeded", () => {
  test("and serves other bytes later is re-opened while the rollout goes on", async () => {
    await succeed();

    expect(await report({ slots: [slotOf(older)] })).toEqual({ kind: "stored", rollouts: ["r1"] });

    expect(await execution()).toMatchObject({ state: "rolled-back", code: "DIVERGED" });
    expect(await tally()).toEqual({ "rolled-back": 1, queued: 1 });
  });

  test.each([
    ["within its watch", 60, "rolled-back"],
    ["when its watch is over", 61, "succeeded"],
  ])("and falls back %s of a completed rollout", async (_, atMs, state) => {
    await succeed();
    const over = rollout({ state: "completed", watchUntilMs: 60 });
    const snapshot = { rollout: over, stages: [], waitingJoiners: 0, leftToSettle: 0 };
    await tables.rollouts.change(0, snapshot, { audit: [] });

    await report({ slots: [slotOf(older)], atMs });

    expect(await execution()).toMatchObject({ state });
  });

  test("is told something else by hand since: what it serves is none of the rollout's any more", async () => {
    await succeed();
    await deployByHand(tables, device, { id: "d2", release: older, atMs: 70 });

    const told = { items: [stepOf(older, "confirmed")], slots: [slotOf(older)], heldSeq: 3 };
    expect(await report(told)).toEqual({ kind: "stored", rollouts: [] });

    expect(await execution()).toMatchObject({ state: "succeeded" });
  });

  test("and is sent back by a newer rollout is not blamed for what that one did", async () => {
    await succeed();
    const newer = await addRelease(tables, "2.0.0");
    const second = rollout({ id: "r2", release: newer });
    await tables.rollouts.add(second, []);
    await tables.rollouts.addExecutions("r2", 0, [newExecution(device, 0)]);
    const order = await offerOf(tables, device, { rollout: second, nowMs: 70 });
    await tables.rollouts.advance("r2", 0, [order]);
    await report({ items: [stepOf(newer, "confirmed")], slots: [slotOf(newer)], heldSeq: 3 });
    const back = await revertOf(tables, device, { rollout: second, nowMs: 80 });
    await tables.rollouts.advance("r2", 0, [back]);

    // On its way back it still serves the newer one, and holds the order that wants the first one's again.
    await report({ slots: [slotOf(newer)], heldSeq: 4 });
    expect([await execution("r1"), await execution("r2")]).toMatchObject([
      { state: "succeeded" },
      { state: "reverting" },
    ]);

    await report({ slots: [slotOf(release)], heldSeq: 4 });
    expect([await execution("r1"), await execution("r2")]).toMatchObject([
      { state: "succeeded" },
      { state: "rolled-back", code: "REVERTED" },
    ]);

    await report({ slots: [slotOf(older)], heldSeq: 4 });
    expect(await execution("r1")).toMatchObject({ state: "rolled-back", code: "DIVERGED" });
  });
});

describe("the penalty box", () => {
  const refused = (step: "refused" | "rolled-back", code: ReportItem["code"], detail?: string) =>
    stepOf(release, step, { ...(code && { code }), ...(detail && { detail }) });
  const failures = (sinceMs = 0) => tables.rollouts.failuresOf(device, sinceMs);

  test("counts failures, of attempts that are followed by another one too, newest first", async () => {
    await report({ items: [refused("refused", "LOAD_TIMEOUT")], atMs: 100 });
    expect(await execution()).toMatchObject({ state: "queued", code: "LOAD_TIMEOUT" });
    const again = await offerOf(tables, device, { rollout: rollout(), nowMs: 110 });
    await tables.rollouts.advance("r1", 0, [again]);
    await report({ items: [refused("refused", "LOAD_TIMEOUT")], atMs: 120, heldSeq: 3 });

    expect(await execution()).toMatchObject({ state: "failed" });
    expect(await failures()).toEqual([120, 100]);
    expect(await failures(101)).toEqual([120]);
    expect(await tables.rollouts.failuresOf(other, 0)).toEqual([]);
  });

  test("counts neither success, nor the server's faults, nor a way back that was asked for", async () => {
    await report({ items: [refused("refused", "DOWNLOAD_FAILED", "HTTP status 503")] });
    expect(await execution()).toMatchObject({ state: "queued", code: "INFRASTRUCTURE" });
    const again = await offerOf(tables, device, { rollout: rollout(), nowMs: 110 });
    await tables.rollouts.advance("r1", 0, [again]);
    await report({ slots: [slotOf(release)], heldSeq: 3 });
    const back = await revertOf(tables, device, { rollout: rollout(), nowMs: 120 });
    await tables.rollouts.advance("r1", 0, [back]);
    await report({ slots: [slotOf(older)], heldSeq: 4 });

    expect(await execution()).toMatchObject({ state: "rolled-back", code: "REVERTED" });
    expect(await failures()).toEqual([]);
  });
});

describe("a device that failed", () => {
  test("is unwell until it was seen to serve", async () => {
    const isUnwell = async () => (await tables.rollouts.execution("r1", device))?.isUnwell;
    await report({ items: [stepOf(release, "refused", { code: "GOLDEN_MISMATCH" })] });
    expect(await execution()).toMatchObject({ state: "rejected" });
    expect(await isUnwell()).toBe(true);

    expect(await report({ slots: [slotOf(null)] })).toEqual({ kind: "stored", rollouts: [] });
    expect(await isUnwell()).toBe(true);

    expect(await report({ slots: [slotOf(older)] })).toEqual({ kind: "stored", rollouts: ["r1"] });
    expect(await isUnwell()).toBe(false);
    expect(await execution()).toMatchObject({ state: "rejected" });
  });
});
