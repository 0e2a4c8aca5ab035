import type { DeviceId, Sha256 } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { changeExecution } from "../../controller/src/app/rollout/engine/change-execution.ts";
import type { ExecutionEvent } from "../../controller/src/domain/rollout/execution.ts";
import {
  isCancelable,
  isOpen,
} from "../../controller/src/domain/rollout/machine/execution-states.ts";
import type { RolloutRecord } from "../../controller/src/domain/rollout/rollout.ts";
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
import { type Random, seededRandom } from "../support/random.ts";

const SEEDS = [11, 2_711, 90_210];
const STEPS = 400;
const DEVICES = 40;

interface Play {
  readonly tables: RolloutTables;
  readonly random: Random;
  readonly devices: readonly DeviceId[];
  readonly releases: readonly Sha256[];
  readonly rollouts: readonly RolloutRecord[];
  nowMs: number;
}

/** One of them, by chance. */
function oneOf<T>({ random }: Play, members: readonly T[]): T {
  const member = members[random.below(members.length)];
  if (member === undefined) throw new RangeError("expected a member");
  return member;
}

const acts: readonly ((play: Play) => Promise<unknown>)[] = [
  // An offer, of one device or of several at once; some are refused for what has moved.
  async (play) => {
    const { tables, nowMs } = play;
    const rollout = oneOf(play, play.rollouts);
    const page = { after: -1, count: 1 + play.random.below(3), nowMs };
    const next = await tables.rollouts.queued(rollout.id, play.random.below(2), page);
    const orders = await Promise.all(
      next.map(({ device }) => offerOf(tables, device, { rollout, nowMs })),
    );
    const from = play.random.below(5) === 0 ? 9 : 0;
    await tables.rollouts.advance(rollout.id, from, orders);
  },
  // A report of what the slot is told to run, sometimes of another release.
  hear,
  hear,
  hear,
  hear,
  // What happens to one execution, whatever its state.
  async (play) => {
    const { tables, nowMs } = play;
    const rollout = oneOf(play, play.rollouts);
    const stored = await tables.rollouts.execution(rollout.id, oneOf(play, play.devices));
    if (stored === undefined) return;
    const event = oneOf<ExecutionEvent>(play, [
      { kind: "tick", isOnline: true },
      { kind: "deadline", isOnline: false, stragglers: "defer" },
      { kind: "retry" },
      { kind: "retry" },
      { kind: "tick", isOnline: true },
      { kind: "cancel", code: "ABORTED", detail: null },
      { kind: "remove", code: "NOT_SELECTED" },
      { kind: "skip", code: "ALREADY_INSTALLED", detail: null },
      { kind: "retry" },
    ]);
    const change = changeExecution(stored, event, { rollout, nowMs });
    if (change !== undefined) await tables.rollouts.advance(rollout.id, 0, [change]);
  },
  async (play) => {
    if (play.random.below(4) > 0) return;
    const { tables, nowMs } = play;
    const rollout = oneOf(play, play.rollouts);
    const query = { devices: "revert", stages: null, count: 2 } as const;
    for (const { device, execution } of await tables.rollouts.toSettle(rollout.id, query)) {
      if (isCancelable(execution.state)) continue;
      const back = await revertOf(tables, device, { rollout, nowMs }).catch(() => undefined);
      if (back !== undefined) await tables.rollouts.advance(rollout.id, 0, [back]);
    }
  },
  async (play) => {
    if (play.random.below(8) > 0) return;
    const id = `d${play.nowMs}`;
    const release = oneOf(play, play.releases);
    await deployByHand(play.tables, oneOf(play, play.devices), { id, release, atMs: play.nowMs });
  },
];

const told = [
  ...(["accepted", "downloading", "downloaded", "loading", "shadowed", "deferred"] as const),
  ...(["activated", "activated", "refused", "refused", "rolled-back"] as const),
];

async function hear(play: Play): Promise<void> {
  const device = oneOf(play, play.devices);
  const known = await play.tables.fleet.device(device);
  const [wanted] = known?.desired.slots ?? [];
  const release = play.random.below(5) > 0 && wanted ? wanted.release : oneOf(play, play.releases);
  const step = oneOf(play, told);
  const code = oneOf(play, ["LOAD_TIMEOUT", "LOAD_TIMEOUT", "GOLDEN_MISMATCH"] as const);
  const item = stepOf(release, step, step === "refused" ? { code } : {});
  const active = oneOf(play, [null, null, release, ...play.releases]);
  await play.tables.fleet.recordReport(device, {
    ...{ boot: 1, seq: play.nowMs, atMs: play.nowMs, dropped: 0 },
    reportedSeq: known?.desired.seq ?? 0,
    items: play.random.below(4) === 0 ? [] : [item],
    slots: [slotOf(active)],
  });
}

async function begin(seed: number): Promise<Play> {
  const tables = await rolloutTables();
  const releases = [await addRelease(tables, "1.0.0"), await addRelease(tables, "2.0.0")];
  const devices = await addDevices(tables, DEVICES);
  const random = seededRandom(seed);
  const rollouts = releases.map((release, at) => rolloutRecord(release, { id: `r${at}` }));
  for (const rollout of rollouts) {
    await tables.rollouts.add(rollout, []);
    const slice = random.shuffled(devices).map((device, position) => {
      const stage = position % 3 === 2 ? null : position % 3;
      return newExecution(device, position, {
        stage,
        isControl: position % 2 === 0 && stage === null,
      });
    });
    await tables.rollouts.addExecutions(rollout.id, 0, slice);
  }
  return { tables, random, devices, releases, rollouts, nowMs: 100 };
}

/** Everything that is kept beside the executions, counted anew from them and from what the slots are told. */
async function recount({ database }: RolloutTables) {
  const executions = await database.selectFrom("rollout_executions").selectAll().execute();
  const wishes = await database.selectFrom("desired_slots").selectAll().execute();
  const told = new Map(wishes.map(({ device, deployment }) => [device, deployment]));
  const tallies: Record<string, { count: number; installed: number; returnable: number }> = {};
  const standing = executions.map((row) => {
    const isTold = told.get(row.device) === row.rollout;
    const wanted = isTold ? (row.previous === null ? 1 : 2) : 0;
    const key = `${row.rollout} ${row.stage} ${row.state}`;
    const { count, installed, returnable } = tallies[key] ?? {
      count: 0,
      installed: 0,
      returnable: 0,
    };
    const isInstalled = row.state === "skipped" && row.code === "ALREADY_INSTALLED";
    tallies[key] = {
      count: count + 1,
      installed: installed + (isInstalled ? 1 : 0),
      returnable: returnable + (wanted === 2 ? 1 : 0),
    };
    const isWatched = row.state === "succeeded" && wanted > 0;
    const isHeeded = isOpen(row.state) || row.is_unwell === 1 || isWatched;
    return [row.rollout, row.device, wanted, isHeeded ? 1 : 0];
  });
  return { tallies, standing };
}

async function kept({ database }: RolloutTables) {
  const rows = await database.selectFrom("rollout_tallies").selectAll().execute();
  const executions = await database.selectFrom("rollout_executions").selectAll().execute();
  const some = rows.filter(
    ({ count, installed, returnable }) => count + installed + returnable !== 0,
  );
  return {
    tallies: Object.fromEntries(
      some.map(({ rollout, stage, state, count, installed, returnable }) => [
        `${rollout} ${stage} ${state}`,
        { count, installed, returnable },
      ]),
    ),
    standing: executions.map((row) => [row.rollout, row.device, row.wanted, row.is_heeded]),
  };
}

describe("tallies", () => {
  test.each(SEEDS)("always equal a recount, whatever happens; seed %i", async (seed) => {
    const play = await begin(seed);
    await using tables = play.tables;
    const seen = new Set<string>();

    for (let step = 0; step < STEPS; step++) {
      play.nowMs += 1 + play.random.below(100_000);
      await oneOf(play, acts)(play);
      const expected = await recount(tables);
      expect(await kept(tables), `seed ${seed}, step ${step}`).toEqual(expected);
      for (const key of Object.keys(expected.tallies)) seen.add(String(key.split(" ")[2]));
    }

    // It proves little if little has happened.
    expect(seen.size, [...seen].join(" ")).toBeGreaterThan(12);
  });

  test("tell what is left to settle: who can be canceled, and who can be sent back", async () => {
    await using tables = await rolloutTables();
    const older = await addRelease(tables, "0.9.0");
    const release = await addRelease(tables, "1.0.0");
    const devices = await addDevices(tables, 5);
    const [first, second, third] = devices as [DeviceId, DeviceId, DeviceId];
    for (const device of [first, second]) {
      await deployByHand(tables, device, { id: `d-${device}`, release: older, atMs: 1 });
    }
    const rollout = rolloutRecord(release);
    await tables.rollouts.add(rollout, []);
    await tables.rollouts.addExecutions(
      "r1",
      0,
      devices.map((device, at) => newExecution(device, at)),
    );
    const moment = { rollout, nowMs: 50 };
    for (const device of [first, second, third]) {
      await tables.rollouts.advance("r1", 0, [await offerOf(tables, device, moment)]);
    }
    // The first and the third serve it; the third had nothing before.
    for (const device of [first, third]) {
      await tables.fleet.recordReport(device, {
        ...{ boot: 1, seq: 1, atMs: 60, reportedSeq: 2, items: [], dropped: 0 },
        slots: [slotOf(release)],
      });
    }
    const names = async (devicesDo: "keep" | "revert", stages: number[] | null = null) => {
      const found = await tables.rollouts.toSettle("r1", { devices: devicesDo, stages, count: 9 });
      return found.map(({ device }) => devices.indexOf(device));
    };
    const leftWhile = async (state: RolloutRecord["state"], abort: RolloutRecord["abort"]) => {
      const version = (await tables.rollouts.byId("r1"))?.rollout.version ?? 0;
      const next = {
        rollout: { ...rollout, state, abort },
        stages: [],
        waitingJoiners: 0,
        leftToSettle: 0,
      };
      await tables.rollouts.change(version, next, { audit: [] });
      return (await tables.rollouts.byId("r1"))?.leftToSettle;
    };

    expect(await names("keep")).toEqual([1, 3, 4].sort((left) => (left === 1 ? -1 : 1)));
    expect(new Set(await names("revert"))).toEqual(new Set([0, 1, 3, 4]));
    expect(await names("revert", [1])).toEqual([]);
    expect(await leftWhile("aborting", "keep")).toBe(3);
    expect(await leftWhile("aborting", "revert")).toBe(4);
    expect(await leftWhile("rolling-back", null)).toBe(4);
    expect(await leftWhile("running", null)).toBe(0);
  });
});
