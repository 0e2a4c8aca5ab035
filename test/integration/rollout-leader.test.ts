import { rolloutLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RolloutEngine } from "../../controller/src/app/rollout/rollout-engine.ts";
import { RolloutLanes } from "../../controller/src/app/rollout/rollout-lanes.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { RecordingLog } from "../support/controller/recording-log.ts";
import {
  addRelease,
  type RolloutTables,
  rolloutRecord,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";

const { leaseMs, tickMs } = rolloutLimits;
const DAY_MS = 86_400_000;
let tables: RolloutTables;
let engines: RolloutEngine[] = [];
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock(2 * DAY_MS);
  tables = await rolloutTables();
  const release = await addRelease(tables, "1.0.0");
  await tables.rollouts.add(rolloutRecord(release, { state: "running" }), []);
});
afterEach(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]();
  engines = [];
  await tables[Symbol.asyncDispose]();
});

/** One controller of several on the same database; what it does is written down, not done. */
function controller(turn: () => Promise<boolean> = () => Promise.resolve(false)) {
  const done: string[] = [];
  const engine = new RolloutEngine({
    ...{ clock, rollouts: tables.rollouts, lanes: new RolloutLanes(), log: new RecordingLog() },
    turn: (id) => {
      done.push(`turn of ${id}`);
      return turn();
    },
    resume: (id) => {
      done.push(`sent again of ${id}`);
      return Promise.resolve();
    },
    onDefect: (error) => {
      throw error;
    },
  });
  engines.push(engine);
  return { engine, done };
}

test("of two controllers one carries rollouts on; first it sends again what may not have been sent", async () => {
  const [one, two] = [controller(), controller()];

  await one.engine.tick();
  await two.engine.tick();
  await one.engine.tick();

  expect(one.done).toEqual(["sent again of r1", "turn of r1", "turn of r1"]);
  expect(two.done).toEqual([]);
});

test("one that stood still for longer than its lease takes no turn any more, whatever wakes it", async () => {
  const [one, two] = [controller(), controller()];
  await one.engine.tick();
  await clock.advance(leaseMs - 1);
  one.engine.wake("r1");
  await one.engine.settled();
  expect(one.done).toHaveLength(3);

  await clock.advance(1);
  await two.engine.tick();
  one.engine.wake("r1");
  await one.engine.settled();
  await one.engine.tick();

  expect(one.done).toHaveLength(3);
  expect(two.done).toEqual(["sent again of r1", "turn of r1"]);
});

test("a turn that was begun before the lease was lost is the last one, though there is more to do", async () => {
  const one = controller(async () => {
    await clock.advance(leaseMs / 2);
    return true;
  });

  await one.engine.tick();

  expect(one.done).toEqual(["sent again of r1", "turn of r1", "turn of r1"]);
});

test("one whose turns are long keeps its lease meanwhile", async () => {
  let end: (isMore: boolean) => void = () => undefined;
  const ended = new Promise<boolean>((resolve) => {
    end = resolve;
  });
  const one = controller(() => ended);
  const two = controller();
  one.engine.start();
  void clock.advance(tickMs);
  await expect.poll(() => one.done).toContain("turn of r1");

  for (let passedMs = 0; passedMs < 2 * leaseMs; passedMs += tickMs) void clock.advance(tickMs);
  await expect
    .poll(() => tables.database.selectFrom("leases").selectAll().execute())
    .toMatchObject([{ until_ms: clock.nowMs() + leaseMs }]);
  await two.engine.tick();

  expect(two.done).toEqual([]);
  end(false);
  await one.engine.settled();
});

test("a clock that was a day ahead and is set right leaves one leader, at once", async () => {
  const [one, two] = [controller(), controller()];
  await one.engine.tick();

  await clock.advance(-DAY_MS);
  await two.engine.tick();
  one.engine.wake("r1");
  await one.engine.settled();

  expect(one.done).toHaveLength(2);
  expect(two.done).toHaveLength(2);
});
