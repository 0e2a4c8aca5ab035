import { type DeviceId, driftPipelineLimits, telemetryLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SqlDriftStore } from "../../controller/src/adapters/sql/sql-drift-store.ts";
import { DriftEngine } from "../../controller/src/app/drift/drift-engine.ts";
import { StoreError } from "../../controller/src/domain/errors.ts";
import { mergeWindows } from "../../controller/src/domain/telemetry/merge-windows.ts";
import type { DirtyCell } from "../../controller/src/ports/drift-store.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { RecordingLog } from "../support/controller/recording-log.ts";
import {
  addDevices,
  type RolloutTables,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";
import { receiveWindow } from "../support/drift/receive-window.ts";

const [cellMs, dayMs] = [900_000, 86_400_000];
const startMs = 100 * dayMs;

let tables: RolloutTables;
let drift: SqlDriftStore;
let clock: ManualClock;
let engines: DriftEngine[] = [];
beforeEach(async () => {
  tables = await rolloutTables();
  drift = new SqlDriftStore(tables.database);
  clock = new ManualClock(startMs + 3 * cellMs);
  const [device] = await addDevices(tables, 1);
  if (device === undefined) throw new Error("expected a device");
  for (const [seq, cell] of [0, 1].entries()) await receive(device, { seq, cell });
});
afterEach(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]();
  engines = [];
  await tables[Symbol.asyncDispose]();
});

async function receive(device: DeviceId, { seq, cell }: { seq: number; cell: number }) {
  const at = { startMs: startMs + cell * cellMs, lengthMs: cellMs, isOnTime: true };
  await receiveWindow(tables, { device, seq, cell: at });
}

/** One controller of several on the same database; a cell is stored as it would be, and nothing is judged. */
function controller(judge: (cell: DirtyCell) => Promise<boolean> = stored) {
  const judged: number[] = [];
  const log = new RecordingLog();
  const engine = new DriftEngine({
    ...{ clock, drift, log, rollouts: tables.rollouts, endSilent: () => Promise.resolve() },
    judge: (cell) => {
      judged.push((cell.startMs - startMs) / cellMs);
      return judge(cell);
    },
  });
  engines.push(engine);
  return { engine, judged, log };
}

function stored(cell: DirtyCell): Promise<boolean> {
  const merged = mergeWindows([]);
  const { startMs: at, lengthMs } = cell;
  const rollup = { cohort: "fleet", startMs: at, lengthMs, devices: 1, merged } as const;
  return drift.commit({ cell, rollups: [{ ...rollup, labels: [], verdicts: [] }], change: null });
}

test("of two controllers one judges what is due; the other one does when its lease is over", async () => {
  const [one, two] = [controller(), controller()];

  await one.engine.tick();
  await two.engine.tick();
  expect([one.judged, two.judged]).toEqual([[0], []]);

  await clock.advance(cellMs);
  await two.engine.tick();
  await one.engine.tick();
  expect([one.judged, two.judged]).toEqual([[0], [1]]);
});

test("one that loses the lease while it judges begins no other cell", async () => {
  await clock.advance(cellMs);
  const two = controller();
  const one = controller(async () => {
    await clock.advance(driftPipelineLimits.leaseMs);
    await two.engine.tick();
    return false;
  });

  await one.engine.tick();

  expect(one.judged).toEqual([0]);
  expect(two.judged).toEqual([0, 1]);
});

test("a cell that cannot be stored is told, holds up no other, and comes again", async () => {
  await clock.advance(cellMs);
  let isFull = true;
  const { engine, judged, log } = controller((cell) =>
    isFull && cell.startMs === startMs
      ? Promise.reject(new StoreError("NO_SPACE", "the disk is full"))
      : stored(cell),
  );

  await engine.tick();
  expect(judged).toEqual([0, 1]);
  expect(log.named("drift.not-judged")).toMatchObject([{ code: "NO_SPACE" }]);

  isFull = false;
  await engine.tick();
  await engine.tick();
  expect(judged).toEqual([0, 1, 0]);
});

test("roll-ups by the cell stay longer than any window is late, those by the day two years", async () => {
  const { engine } = controller();
  const spans = async () => {
    const rows = tables.database.selectFrom("drift_rollups").select("span").orderBy("span");
    return (await rows.execute()).map(({ span }) => span);
  };
  await clock.advance(cellMs);
  await engine.tick();
  expect(await spans()).toEqual(["cell", "cell"]);

  await clock.advance(dayMs);
  await engine.tick();
  expect(await spans()).toEqual(["cell", "cell", "day"]);

  await clock.advance(telemetryLimits.historicalAgeMsMax);
  await engine.tick();
  expect(await spans()).toEqual(["cell", "cell", "day"]);

  await clock.advance(2 * dayMs);
  await engine.tick();
  expect(await spans()).toEqual(["day"]);

  await clock.advance(640 * dayMs);
  await engine.tick();
  expect(await spans()).toEqual([]);
});
