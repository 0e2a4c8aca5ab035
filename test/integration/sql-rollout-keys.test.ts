import { type DeviceId, rolloutLimits, type Sha256, sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { offerOf, slotOf, stepOf } from "../support/controller/rollout-orders.ts";
import {
  addDevices,
  addRelease,
  newExecution,
  type RolloutTables,
  rolloutRecord,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";

let tables: RolloutTables;
beforeEach(async () => {
  tables = await rolloutTables();
});
afterEach(() => tables[Symbol.asyncDispose]());

describe("an idempotency key", () => {
  const body = sha256(Buffer.from("body"));
  const key = (changes: object = {}) => ({
    ...{ caller: "key:ann", key: "k1", bodySha256: body, atMs: 1_000 },
    ...changes,
  });
  const take = (changes: object = {}) => tables.rollouts.takeIdempotencyKey(key(changes));

  test("is new once; the same body is told the answer, or that the first call is under way", async () => {
    expect(await take()).toBeUndefined();
    expect(await take()).toEqual({ kind: "same", answer: null });

    await tables.rollouts.answerIdempotencyKey(key(), "r1");

    expect(await take()).toEqual({ kind: "same", answer: "r1" });
  });

  test("that comes ten times at once is new to one of them", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => take()));

    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
  });

  test("means nothing with another body, and is another's own", async () => {
    await take();
    const other = { bodySha256: sha256(Buffer.from("other")) };

    expect(await take(other)).toEqual({ kind: "other-body" });
    expect(await take({ caller: "key:bob", ...other })).toBeUndefined();
    expect(await take({ key: "k2", ...other })).toBeUndefined();
  });

  test("is answered with the rollout it made, in one transaction", async () => {
    const record = rolloutRecord(await addRelease(tables, "1.0.0"));
    await take();

    await tables.rollouts.add(record, [], key());

    expect(await take()).toEqual({ kind: "same", answer: "r1" });
    await tables.rollouts.forgetIdempotencyKey(key());
    expect(await take()).toEqual({ kind: "same", answer: "r1" });
    await take({ key: "k2" });
    const was = await tables.dump();
    await expect(tables.rollouts.add(record, [], key({ key: "k2" }))).rejects.toThrow(/UNIQUE/);
    expect(await tables.dump()).toEqual(was);
  });

  test("is free again when its call came to nothing, and when it never came to an end", async () => {
    const { idempotencyUnderWayMsMax } = rolloutLimits;
    await take();
    await tables.rollouts.forgetIdempotencyKey(key());
    expect(await take()).toBeUndefined();

    const last = { atMs: 1_000 + idempotencyUnderWayMsMax - 1 };
    expect(await take(last)).toEqual({ kind: "same", answer: null });
    expect(await take({ atMs: 1_000 + idempotencyUnderWayMsMax })).toBeUndefined();
  });

  test("is kept for a day, and then free", async () => {
    await take();
    await tables.rollouts.answerIdempotencyKey(key(), "r1");
    const { idempotencyMsMax } = rolloutLimits;

    expect(await take({ atMs: 1_000 + idempotencyMsMax - 1 })).toMatchObject({ answer: "r1" });
    expect(await take({ atMs: 1_000 + idempotencyMsMax })).toBeUndefined();
  });
});

describe("a lease", () => {
  const lease = (holder: string, nowMs: number) =>
    tables.rollouts.lease("rollouts", holder, { nowMs, untilMs: nowMs + 10 });

  test("belongs to one holder, who prolongs it; another one gets it once it is over", async () => {
    expect(await lease("one", 100)).toBe(true);
    expect(await lease("two", 105)).toBe(false);
    expect(await lease("one", 109)).toBe(true);
    expect(await lease("two", 118)).toBe(false);

    expect(await lease("two", 119)).toBe(true);

    expect(await lease("one", 120)).toBe(false);
    expect(await lease("one", 129)).toBe(true);
  });

  test("of another name is another lease; two that ask at once are not both given it", async () => {
    const both = await Promise.all([lease("one", 100), lease("two", 100)]);
    expect(both.filter(Boolean)).toHaveLength(1);

    const moment = { nowMs: 100, untilMs: 110 };
    expect(await tables.rollouts.lease("other", "three", moment)).toBe(true);
  });

  test("of a clock that was ahead by more than a lease holds nobody up", async () => {
    expect(await lease("one", 86_400_000)).toBe(true);

    expect(await lease("two", 86_399_990)).toBe(false);
    expect(await lease("two", 86_399_989)).toBe(true);
    expect(await lease("one", 86_399_989)).toBe(false);
  });

  test("that was lost does not let its holder change what the next one has changed", async () => {
    const release = await addRelease(tables, "1.0.0");
    const [device] = (await addDevices(tables, 1)) as [DeviceId];
    const rollout = rolloutRecord(release);
    await tables.rollouts.add(rollout, []);
    await tables.rollouts.addExecutions("r1", 0, [newExecution(device, 0)]);
    const order = await offerOf(tables, device, { rollout, nowMs: 20 });
    const paused = { ...rollout, state: "paused" as const };
    const halted = { rollout: paused, stages: [], waitingJoiners: 0, leftToSettle: 0 };

    expect(await tables.rollouts.change(0, halted, { audit: [] })).toBe(true);

    expect(await tables.rollouts.advance("r1", 0, [order])).toBe(false);
    expect(await tables.rollouts.change(0, halted, { audit: [] })).toBe(false);
    expect((await tables.fleet.device(device))?.desired.seq).toBe(0);
  });
});

describe("after a controller that was killed", () => {
  test("its lease is over, and calls nobody will answer may be made again; answered ones stay", async () => {
    const call = (key: string) => ({
      ...{ caller: "key:ann", key, bodySha256: sha256(Buffer.from("body")), atMs: 1_000 },
    });
    const moment = { nowMs: 100, untilMs: 110 };
    await tables.rollouts.lease("rollouts", "dead", moment);
    await tables.rollouts.takeIdempotencyKey(call("open"));
    await tables.rollouts.takeIdempotencyKey(call("done"));
    await tables.rollouts.answerIdempotencyKey(call("done"), "r1");

    await tables.rollouts.recover();

    expect(await tables.rollouts.lease("rollouts", "next", moment)).toBe(true);
    expect(await tables.rollouts.takeIdempotencyKey(call("open"))).toBeUndefined();
    expect(await tables.rollouts.takeIdempotencyKey(call("done"))).toMatchObject({ answer: "r1" });
  });
});

describe("how many devices of a group are out of service", () => {
  let devices: readonly DeviceId[];
  let release: Sha256;
  const figures = (label: string, ...groups: string[]) =>
    tables.rollouts.unavailable(label, groups);
  beforeEach(async () => {
    release = await addRelease(tables, "1.0.0");
    devices = await addDevices(tables, 7, (place) =>
      place < 6 ? { site: place < 4 ? "a" : "b" } : {},
    );
    for (const device of devices) {
      await tables.fleet.setPresence(device, { boot: 1, online: true, atMs: 10 });
    }
  });
  const named = (place: number) => devices[place] as DeviceId;

  test("counts who is offline, whatever the reason, and only in the groups that are asked for", async () => {
    await tables.fleet.setPresence(named(0), { boot: 1, online: false, atMs: 11 });
    await tables.fleet.setPresence(named(6), { boot: 1, online: false, atMs: 11 });

    expect(await figures("site", "a", "c")).toEqual(
      new Map([["a", { devices: 4, unavailable: 1 }]]),
    );
    expect(await figures("site", "")).toEqual(new Map([["", { devices: 1, unavailable: 1 }]]));
    expect(await figures("class", "cam-v2")).toEqual(
      new Map([["cam-v2", { devices: 7, unavailable: 2 }]]),
    );
    expect(await figures("site")).toEqual(new Map());
  });

  test("counts who is at work in any rollout, and who failed until it was seen to serve", async () => {
    const rollout = rolloutRecord(release);
    await tables.rollouts.add(rollout, []);
    await tables.rollouts.addExecutions("r1", 0, [
      newExecution(named(0), 0),
      newExecution(named(1), 1),
    ]);
    const count = async () => (await figures("site", "a")).get("a")?.unavailable;
    expect(await count()).toBe(0);

    await tables.rollouts.advance("r1", 0, [
      await offerOf(tables, named(0), { rollout, nowMs: 20 }),
    ]);
    expect(await count()).toBe(1);

    const report = { boot: 1, atMs: 30, reportedSeq: 1, dropped: 0 };
    const items = [stepOf(release, "refused", { code: "GOLDEN_MISMATCH" })];
    await tables.fleet.recordReport(named(0), { ...report, seq: 1, items, slots: [] });
    expect(await count()).toBe(1);

    await tables.fleet.recordReport(named(0), {
      ...report,
      seq: 2,
      items: [],
      slots: [slotOf(release)],
    });
    expect(await count()).toBe(0);
  });

  test("follows a device whose labels are changed, and leaves out a revoked one", async () => {
    const change = { before: { site: "a" }, after: { site: "b" } };
    const entry = { atMs: 1, actor: "a", action: "a.b", subject: "c:d", detail: {} };
    await tables.fleet.setLabels(named(0), change, entry);
    await tables.fleet.revokeDevice(named(1), null, entry);

    expect(await figures("site", "a", "b")).toEqual(
      new Map([
        ["a", { devices: 2, unavailable: 0 }],
        ["b", { devices: 3, unavailable: 0 }],
      ]),
    );
  });
});
