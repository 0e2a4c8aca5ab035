import { ReleaseVersion, type Sha256, sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RolloutSnapshot } from "../../controller/src/domain/rollout/rollout.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
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
beforeEach(async () => {
  tables = await rolloutTables();
  release = await addRelease(tables, "1.0.0");
});
afterEach(() => tables[Symbol.asyncDispose]());

const entry = (action: string) => ({ ...auditEntry(), action, subject: "rollout:r1" });
const add = (changes: Parameters<typeof rolloutRecord>[1] = {}) =>
  tables.rollouts.add(rolloutRecord(release, changes), [entry("rollout.created")]);
const snapshot = async (id = "r1"): Promise<RolloutSnapshot> => {
  const found = await tables.rollouts.byId(id);
  if (found === undefined) throw new Error(`expected rollout ${id}`);
  return found;
};
const stage = (place: number, changes: object = {}) => ({
  ...{ stage: place, state: "pending" as const, detail: null, startedAtMs: null },
  ...{ deadlineAtMs: null, bakeUntilMs: null, acknowledged: 0 },
  counts: { tally: {}, alreadyInstalled: 0 },
  ...changes,
});

describe("a rollout", () => {
  test("is given back as it was stored, with its plan, its seed and no stages", async () => {
    const record = rolloutRecord(release, { scope: { site: "a" }, startAtMs: 99, detail: "why" });

    await tables.rollouts.add(record, [entry("rollout.created")]);

    expect(await snapshot()).toEqual({
      rollout: record,
      stages: [],
      waitingJoiners: 0,
      leftToSettle: 0,
    });
    expect(await tables.rollouts.byId("r2")).toBeUndefined();
  });

  test("is changed with its stages under the version that was read, and counts it", async () => {
    await add();
    const before = await snapshot();
    const rollout = { ...before.rollout, state: "running" as const, startedAtMs: 30, devices: 7 };
    const stages = [stage(0, { state: "deploying", startedAtMs: 30, deadlineAtMs: 40 }), stage(1)];

    const audit = [entry("rollout.running"), entry("stage.begun")];
    expect(await tables.rollouts.change(0, { ...before, rollout, stages }, { audit })).toBe(true);
    const again = [{ ...stage(0), acknowledged: 3, detail: "three known" }];
    const next = { ...before, rollout, stages: again };
    expect(await tables.rollouts.change(1, next, { audit: [] })).toBe(true);

    const after = await snapshot();
    expect(after.rollout).toEqual({ ...rollout, version: 2 });
    expect(after.stages).toEqual([again[0], stage(1)]);
    const events = await tables.audit.pageOf("rollout:r1", 0, 10);
    expect(events.map(({ action }) => action)).toEqual([
      "rollout.created",
      "rollout.running",
      "stage.begun",
    ]);
  });

  test("that has moved meanwhile is not changed, and nothing of the change stays", async () => {
    await add();
    const before = await snapshot();
    expect(await tables.rollouts.change(0, before, { audit: [] })).toBe(true);
    const was = await tables.dump();
    const poison = { release, rollout: "r1", reason: "bad", atMs: 50 };
    const rollout = { ...before.rollout, state: "paused" as const };
    const stages = [stage(0)];
    const change = { audit: [entry("rollout.paused")], poison, takeInto: 0 };

    for (const from of [0, 2]) {
      const stale = tables.rollouts.change(from, { ...before, rollout, stages }, change);
      expect(await stale).toBe(false);
    }

    expect(await tables.dump()).toEqual(was);
  });

  test("takes those without a stage into its last one, and counts them there", async () => {
    await add();
    const [one, two, three] = await addDevices(tables, 3);
    if (one === undefined || two === undefined || three === undefined) throw new Error("three");
    await tables.rollouts.addExecutions("r1", 0, [
      newExecution(one, 0),
      newExecution(two, 1, { stage: null, isControl: true }),
      newExecution(three, 2, { stage: null }),
    ]);
    const before = { ...(await snapshot()), stages: [stage(0), stage(1)] };
    expect(before.waitingJoiners).toBe(1);

    await tables.rollouts.change(0, before, { audit: [], takeInto: 1 });

    const after = await snapshot();
    expect(after.waitingJoiners).toBe(0);
    expect(after.stages.map(({ counts }) => counts.tally)).toEqual([{ queued: 1 }, { queued: 2 }]);
    const page = { after: -1, count: 9, nowMs: 99 };
    const queued = await tables.rollouts.queued("r1", 1, page);
    expect(queued.map(({ device, isControl }) => [device, isControl])).toEqual([
      [two, true],
      [three, false],
    ]);
  });

  test("poisons its release until another one says more of it", async () => {
    await add();
    const before = await snapshot();
    const poison = { release, rollout: "r1", reason: "7 of 9 failed", atMs: 50 };

    await tables.rollouts.change(0, before, { audit: [], poison });

    expect(await tables.rollouts.poisoned(release)).toEqual(poison);
    expect(await tables.rollouts.poisoned(sha256(Buffer.from("other")))).toBeUndefined();
    const worse = { ...poison, reason: "all failed", atMs: 60 };
    await tables.rollouts.change(1, before, { audit: [], poison: worse });
    expect(await tables.rollouts.poisoned(release)).toEqual(worse);
  });
});

describe("which rollouts are looked after", () => {
  test("those that go on, oldest first, and behind them who is watched or expected back", async () => {
    const [device] = await addDevices(tables, 1);
    if (device === undefined) throw new Error("one");
    const late = { ...newExecution(device, 0), stage: 0 };
    await add({ id: "over", state: "completed", createdAtMs: 1 });
    await add({ id: "watched", state: "completed", createdAtMs: 2, watchUntilMs: 100 });
    await add({ id: "straggling", state: "completed", createdAtMs: 3 });
    const straggler = { ...late.execution, state: "straggler" as const };
    await tables.rollouts.addExecutions("straggling", 0, [{ ...late, execution: straggler }]);
    await add({ id: "younger", state: "paused", createdAtMs: 5 });
    await add({ id: "older", state: "draft", createdAtMs: 4 });

    expect(await tables.rollouts.active(99)).toEqual([
      ...["older", "younger"],
      ...["watched", "straggling"],
    ]);
    expect(await tables.rollouts.active(100)).toEqual(["older", "younger", "straggling"]);
  });
});

describe("pages of rollouts", () => {
  const ids = (page: Awaited<ReturnType<RolloutTables["rollouts"]["page"]>>) =>
    page.rollouts.map(({ rollout }) => rollout.id);

  test.each([
    ["oldest-first", ["a", "b", "c", "d", "e"]],
    ["newest-first", ["e", "d", "c", "b", "a"]],
  ] as const)("%s name each once, also those of the same moment", async (direction, all) => {
    for (const id of ["c", "a", "b"]) await add({ id, createdAtMs: 10 });
    await add({ id: "d", createdAtMs: 11 });
    await add({ id: "e", createdAtMs: 11 });

    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await tables.rollouts.page({ limit: 2, cursor, direction });
      expect(page.rollouts.length).toBeLessThanOrEqual(2);
      seen.push(...ids(page));
      cursor = page.next;
    } while (cursor !== null);

    expect(seen).toEqual(all);
  });

  test("are not moved by what comes in between, and begin anew with a cursor nobody gave out", async () => {
    for (const id of ["a", "b", "c"]) await add({ id, createdAtMs: 10 });
    const first = await tables.rollouts.page({ limit: 2, cursor: null, direction: "newest-first" });
    await add({ id: "later", createdAtMs: 20 });

    const { next: cursor } = first;
    const second = await tables.rollouts.page({ limit: 2, cursor, direction: "newest-first" });

    expect([...ids(first), ...ids(second)]).toEqual(["c", "b", "a"]);
    expect(second.next).toBeNull();
    const wild = { limit: 2, cursor: "x.y", direction: "oldest-first" } as const;
    expect(ids(await tables.rollouts.page(wild))).toEqual(["a", "b"]);
  });
});

test("a release given by a rollout, and one a device is sent back to, are known as assigned", async () => {
  const version = ReleaseVersion.parse("2.0.0");
  const other = await addRelease(tables, version);
  const [device, untouched] = await addDevices(tables, 2);
  if (device === undefined || untouched === undefined) throw new Error("two");
  await add();
  const given = { ...newExecution(device, 0).execution, state: "offered" as const, seq: 3 };
  await tables.rollouts.addExecutions("r1", 0, [
    newExecution(device, 0, { execution: given }),
    newExecution(untouched, 1),
  ]);

  const asked = [release, other];
  expect(await tables.deployments.assignedAmong(device, asked)).toEqual(new Set([release]));
  expect(await tables.deployments.assignedAmong(untouched, asked)).toEqual(new Set());
});
