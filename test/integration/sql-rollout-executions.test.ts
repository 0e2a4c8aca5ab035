import type { DeviceId, Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RolloutRecord } from "../../controller/src/domain/rollout/rollout.ts";
import { changeOf, deployByHand, offerOf, revertOf } from "../support/controller/rollout-orders.ts";
import {
  addDevices,
  addRelease,
  newExecution,
  type RolloutTables,
  rolloutRecord,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";

const SIX = 6;
let tables: RolloutTables;
let release: Sha256;
let rollout: RolloutRecord;
let devices: readonly DeviceId[];
beforeEach(async () => {
  tables = await rolloutTables();
  release = await addRelease(tables, "1.0.0");
  rollout = rolloutRecord(release);
  devices = await addDevices(tables, SIX, (place) => (place < 4 ? { site: `s${place % 2}` } : {}));
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
const tally = async () => {
  const rows = await tables.database.selectFrom("rollout_tallies").selectAll().execute();
  return rows
    .filter(({ count }) => count > 0)
    .map(({ stage, state, count }) => [stage, state, count]);
};
const offer = async (...places: readonly number[]) => {
  const orders = await Promise.all(
    places.map((place) => offerOf(tables, named(place), { rollout, nowMs: 50 })),
  );
  return tables.rollouts.advance("r1", 0, orders);
};

describe("the target set", () => {
  test("is added slice by slice, and a slice that comes again changes nothing", async () => {
    const slices = [devices.slice(0, 4), devices.slice(4)].map((slice, at) =>
      slice.map((device, place) => newExecution(device, 4 * at + place, { stage: at })),
    );
    for (const slice of slices)
      expect(await tables.rollouts.addExecutions("r1", 0, slice)).toBe(true);
    const was = await tables.dump();

    for (const slice of slices) await tables.rollouts.addExecutions("r1", 0, slice);

    expect(await tables.dump()).toEqual(was);
    expect(await tally()).toEqual([
      [0, "queued", 4],
      [1, "queued", 2],
    ]);
  });

  test("that a crash broke off begins anew, without devices it chooses no more", async () => {
    await split();

    const [, ...others] = devices;
    const second = others.map((device, place) => newExecution(device, place, { stage: 1 }));
    expect(await tables.rollouts.addExecutions("r1", 0, second)).toBe(true);

    expect(await tables.rollouts.members("r1")).toEqual({ names: others, position: SIX - 1 });
    expect(await tally()).toEqual([[1, "queued", SIX - 1]]);
  });

  test("once it is frozen only grows: who is there keeps what he has", async () => {
    await split((place) => (place === 0 ? 0 : 1));
    const frozen = { ...rollout, devices: SIX };
    const snapshot = { rollout: frozen, stages: [], waitingJoiners: 0, leftToSettle: 0 };
    await tables.rollouts.change(0, snapshot, { audit: [] });
    const was = await tables.dump();

    expect(await tables.rollouts.addExecutions("r1", 1, [newExecution(named(1), 0)])).toBe(true);

    expect(await tables.dump()).toEqual(was);
  });

  test("of a rollout that has moved is not added", async () => {
    const was = await tables.dump();

    const slice = [newExecution(named(0), 0)];
    expect(await tables.rollouts.addExecutions("r1", 1, slice)).toBe(false);
    expect(await tables.rollouts.addExecutions("r2", 0, slice)).toBe(false);

    expect(await tables.dump()).toEqual(was);
  });

  test("half a slice that fails leaves nothing behind", async () => {
    const was = await tables.dump();

    const twice = [newExecution(named(0), 0), newExecution(named(1), 0)];
    await expect(tables.rollouts.addExecutions("r1", 0, twice)).rejects.toThrow(/UNIQUE/);

    expect(await tables.dump()).toEqual(was);
  });
});

describe("an order", () => {
  test("is stored with the execution, the document, what was wanted before, and the audit entry", async () => {
    const older = await addRelease(tables, "0.9.0");
    await deployByHand(tables, named(0), { id: "d1", release: older, atMs: 30 });
    await split();

    expect(await offer(0)).toBe(true);

    const stored = await tables.rollouts.execution("r1", named(0));
    expect(stored).toMatchObject({
      version: 1,
      execution: { state: "offered", attempts: 1, seq: 2, offeredAtMs: 50 },
      previous: { release: older, deployment: "d1" },
    });
    const device = await tables.fleet.device(named(0));
    expect(device?.desired).toMatchObject({ seq: 2, slots: [{ release, deployment: "r1" }] });
    expect((await tables.audit.pageOf("rollout:r1", 0, 9)).map(({ action }) => action)).toEqual([
      "execution.offered",
    ]);
    expect(await tables.rollouts.inFlight("r1")).toBe(1);
  });

  test.each([
    ["the rollout has moved", (orders: Orders) => tables.rollouts.advance("r1", 1, orders)],
    ["there is no such rollout", (orders: Orders) => tables.rollouts.advance("r2", 0, orders)],
    [
      "one execution has moved",
      ([first, second]: Orders) =>
        tables.rollouts.advance("r1", 0, [first, { ...second, fromVersion: 1 }]),
    ],
    [
      "one device has got another document",
      async (orders: Orders) => {
        const next = { expectedSeq: 0, seq: 1, envelope: new Uint8Array(1), issuedAtMs: 1 };
        await tables.fleet.replaceDesired(orders[1].device, next);
        was = await tables.dump();
        return tables.rollouts.advance("r1", 0, orders);
      },
    ],
  ])("is refused when %s, with all of its batch, and leaves nothing behind", async (_, advance) => {
    await split();
    const moment = { rollout, nowMs: 50 };
    const orders: Orders = [
      await offerOf(tables, named(0), moment),
      await offerOf(tables, named(1), moment),
    ];
    was = await tables.dump();

    expect(await advance(orders)).toBe(false);

    expect(await tables.dump()).toEqual(was);
  });

  test("counts for the rate of its minute, and a way back does not", async () => {
    await split();
    await offer(0, 1);
    const later = await offerOf(tables, named(2), { rollout, nowMs: 59_000 });
    await tables.rollouts.advance("r1", 0, [later]);
    await tables.rollouts.advance("r1", 0, [
      await revertOf(tables, named(0), { rollout, nowMs: 60_000 }),
    ]);

    const since = { minuteMs: 49, shareMs: 55_000, nowMs: 60_000 };
    expect(await tables.rollouts.rateFacts("r1", since)).toEqual({
      ...{ offered: 3, succeeded: 0, offeredInMinute: 3, offeredInShare: 1 },
    });
    const setBack = { minuteMs: 0, shareMs: 0, nowMs: 50 };
    expect(await tables.rollouts.rateFacts("r1", setBack)).toMatchObject({
      ...{ offered: 3, offeredInMinute: 2, offeredInShare: 2 },
    });
    const after = { minuteMs: 50, shareMs: 59_000, nowMs: 60_000 };
    expect(await tables.rollouts.rateFacts("r1", after)).toMatchObject({
      ...{ offered: 3, offeredInMinute: 1, offeredInShare: 0 },
    });
  });
});

type Orders = [Awaited<ReturnType<typeof offerOf>>, Awaited<ReturnType<typeof offerOf>>];
let was: unknown;

describe("who is next", () => {
  test("comes in the order of the rollout, from one stage, behind a position", async () => {
    await split((place) => (place < 4 ? 0 : 1));

    const page = { after: 0, count: 2, nowMs: 99 };
    const next = await tables.rollouts.queued("r1", 0, page);

    expect(next.map(({ device }) => device)).toEqual([named(1), named(2)]);
    expect(await tables.rollouts.queued("r1", 0, { ...page, after: 3 })).toEqual([]);
    expect(await tables.rollouts.queued("r1", null, page)).toEqual([]);
  });

  test("waits for its back-off, which is no timer; a timer is due when its moment has come", async () => {
    const queued = newExecution(named(0), 0).execution;
    const offered = { ...queued, state: "offered" as const, seq: 1, attempts: 1 };
    await tables.rollouts.addExecutions("r1", 0, [
      newExecution(named(0), 0, { execution: { ...queued, dueAtMs: 70 } }),
      newExecution(named(1), 1, { execution: { ...offered, dueAtMs: 90 } }),
      newExecution(named(2), 2, { execution: { ...offered, dueAtMs: 80 } }),
      newExecution(named(3), 3, { execution: { ...offered, dueAtMs: null } }),
    ]);
    const places = async (found: Promise<readonly { position: number }[]>) =>
      (await found).map(({ position }) => position);

    const queue = { after: -1, count: 9 };
    expect(await places(tables.rollouts.queued("r1", 0, { ...queue, nowMs: 69 }))).toEqual([]);
    expect(await places(tables.rollouts.queued("r1", 0, { ...queue, nowMs: 70 }))).toEqual([0]);
    expect(await places(tables.rollouts.due("r1", { nowMs: 79, count: 9 }))).toEqual([]);
    expect(await places(tables.rollouts.due("r1", { nowMs: 90, count: 9 }))).toEqual([2, 1]);
    expect(await places(tables.rollouts.due("r1", { nowMs: 90, count: 1 }))).toEqual([2]);
  });
});

describe("pages of executions", () => {
  test.each([
    ["all", {}, [0, 1, 2, 3, 4, 5]],
    ["some states", { states: ["offered", "skipped"] as const }, [1, 3]],
    ["a stage", { stage: 1 }, [3, 4, 5]],
    ["a state of a stage", { stage: 0, states: ["queued"] as const }, [0, 2]],
    ["whoever is connected", { isOnline: true as const }, [4]],
    ["whoever has got no order yet", { attemptsBelow: 1 }, [0, 2, 3, 4, 5]],
    ["a state, with orders left", { attemptsBelow: 2, states: ["offered"] as const }, [1]],
    ["a state, with none left", { attemptsBelow: 1, states: ["offered"] as const }, []],
  ])("of %s name each once, in their order", async (_, query, expected) => {
    await split((place) => (place < 3 ? 0 : 1));
    await offer(1);
    const event = { kind: "skip", code: "PINNED", detail: null } as const;
    const skip = await changeOf(tables, { device: named(3), event }, { rollout, nowMs: 60 });
    await tables.rollouts.advance("r1", 0, [skip]);
    await tables.fleet.setPresence(named(4), { boot: 1, online: true, atMs: 60 });

    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page = { states: [], stage: null, limit: 2, ...query, cursor };
      const found = await tables.rollouts.executions("r1", page);
      seen.push(...found.executions.map(({ position }) => position));
      cursor = found.next;
    } while (cursor !== null);

    expect(seen).toEqual(expected);
  });

  test("are not moved by devices that join in between", async () => {
    await tables.rollouts.addExecutions(
      "r1",
      0,
      [0, 1, 2].map((at) => newExecution(named(at), at)),
    );
    const query = { states: [], stage: null, limit: 2 };
    const first = await tables.rollouts.executions("r1", { ...query, cursor: null });
    await tables.rollouts.addExecutions("r1", 0, [newExecution(named(5), 3)]);

    const second = await tables.rollouts.executions("r1", { ...query, cursor: first.next });

    expect(second.executions.map(({ position }) => position)).toEqual([2, 3]);
    expect(second.next).toBeNull();
  });
});
