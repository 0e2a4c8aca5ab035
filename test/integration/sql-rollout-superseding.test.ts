import { type DeviceId, mainSlot, RolloutPlan, type Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RolloutRecord } from "../../controller/src/domain/rollout/rollout.ts";
import { deployByHand, offerOf } from "../support/controller/rollout-orders.ts";
import {
  addDevices,
  addRelease,
  newExecution,
  type RolloutTables,
  rolloutRecord,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";

let tables: RolloutTables;
let release: Sha256;
let rollout: RolloutRecord;
let devices: readonly DeviceId[];
beforeEach(async () => {
  tables = await rolloutTables();
  release = await addRelease(tables, "1.0.0");
  rollout = rolloutRecord(release);
  devices = await addDevices(tables, 3);
  await tables.rollouts.add(rollout, []);
});
afterEach(() => tables[Symbol.asyncDispose]());

const named = (place: number): DeviceId => {
  const device = devices[place];
  if (device === undefined) throw new Error(`expected device ${place}`);
  return device;
};
const split = (stageOf: (place: number) => number | null = () => 0) =>
  tables.rollouts.addExecutions(
    "r1",
    0,
    devices.map((device, place) => newExecution(device, place, { stage: stageOf(place) })),
  );
const states = async () => {
  const query = { states: [], stage: null, limit: 100, cursor: null };
  const { executions } = await tables.rollouts.executions("r1", query);
  return executions.map(({ execution }) => execution.state);
};
const offer = async (...places: readonly number[]) => {
  const orders = await Promise.all(
    places.map((place) => offerOf(tables, named(place), { rollout, nowMs: 50 })),
  );
  return tables.rollouts.advance("r1", 0, orders);
};

describe("a newer wish for a slot", () => {
  const second = (changes: Partial<RolloutRecord>) =>
    rolloutRecord(release, { id: "r2", ...changes });
  const plan = (priority: number) => RolloutPlan.parse({ priority });
  const offerSecond = async (other: RolloutRecord) => {
    await tables.rollouts.add(other, []);
    await tables.rollouts.addExecutions("r2", 0, [newExecution(named(0), 0)]);
    const order = await offerOf(tables, named(0), { rollout: other, nowMs: 60 });
    return tables.rollouts.advance("r2", 0, [order]);
  };

  test("by hand ends what a rollout meant to do there, in the same transaction", async () => {
    const other = await addRelease(tables, "3.0.0");
    await split();
    await offer(0);

    await deployByHand(tables, named(0), { id: "d2", release: other, atMs: 70 });
    await deployByHand(tables, named(1), { id: "d3", release: other, atMs: 70 });

    expect((await states()).slice(0, 3)).toEqual(["canceled", "canceled", "queued"]);
    const first = await tables.rollouts.execution("r1", named(0));
    expect(first?.execution).toMatchObject({ code: "SUPERSEDED", changedAtMs: 70 });
    const events = await tables.audit.pageOf("rollout:r1", 0, 9);
    expect(events.map(({ action, actor }) => [action, actor])).toContainEqual([
      ...["execution.canceled", "key:ann"],
    ]);
  });

  test("by hand that is refused ends nothing", async () => {
    const other = await addRelease(tables, "3.0.0");
    await split();
    await deployByHand(tables, named(0), { id: "d2", release: other, atMs: 70 });
    const before = await tables.dump();

    expect(
      await tables.deployments.add(
        { ...hand, id: "d4", release: other, target: { all: true } },
        [1, 0].map((at) => ({
          ...stale,
          device: named(at),
          entry: { ...hand, slot: mainSlot, release: other, envelopeSize: 9, deployment: "d4" },
        })),
        { atMs: 1, actor: "a", action: "a.b", subject: "c:d", detail: {} },
      ),
    ).toBe(false);

    expect(await tables.dump()).toEqual(before);
  });

  test("of a rollout of the same priority cancels an older order that has no answer yet", async () => {
    await split();
    await offer(0);

    expect(await offerSecond(second({}))).toBe(true);

    expect((await states())[0]).toBe("canceled");
    expect((await tables.rollouts.openOf(named(0), mainSlot))?.rollout).toBe("r2");
  });

  test("of a lower one is refused where a higher one is under way, and lets a queued higher one be", async () => {
    await split();
    await offer(0);
    expect(await offerSecond(second({ plan: plan(49) }))).toBe(false);
    expect((await states())[0]).toBe("offered");

    const third = rolloutRecord(release, { id: "r3", plan: plan(49) });
    await tables.rollouts.add(third, []);
    await tables.rollouts.addExecutions("r3", 0, [newExecution(named(1), 0)]);
    const order = await offerOf(tables, named(1), { rollout: third, nowMs: 60 });
    expect(await tables.rollouts.advance("r3", 0, [order])).toBe(true);
    expect((await states())[1]).toBe("queued");
  });

  test("is seen before it comes: conflicts are named by rollout and device", async () => {
    await split();
    await offer(0);
    await deployByHand(tables, named(1), { id: "d2", release, atMs: 70 });
    const asked = devices.slice(0, 3);

    const conflicts = await tables.rollouts.conflicts(mainSlot, asked, null);

    expect(conflicts).toEqual(new Map([["r1", [named(0), named(2)]]]));
    expect(await tables.rollouts.conflicts(mainSlot, asked, "r1")).toEqual(new Map());
  });
});

const hand = {
  model: rolloutRecord("0".repeat(64) as Sha256).model,
  version: rolloutRecord("0".repeat(64) as Sha256).modelVersion,
  ...{ slot: mainSlot, createdAtMs: 80, requester: null, ineligible: [] },
  approval: { state: "not-needed" } as const,
};
const stale = { expectedSeq: 0, seq: 1, envelope: new Uint8Array(1), issuedAtMs: 9 };
