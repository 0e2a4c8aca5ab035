import type { DeviceId } from "@modelfleet/protocol";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SqlDriftStore } from "../../controller/src/adapters/sql/sql-drift-store.ts";
import { foldDay } from "../../controller/src/app/drift/fold-day.ts";
import { mergeWindows } from "../../controller/src/domain/telemetry/merge-windows.ts";
import type { CellRollup, DirtyCell } from "../../controller/src/ports/drift-store.ts";
import {
  addDevices,
  type RolloutTables,
  rolloutTables,
} from "../support/controller/rollout-tables.ts";
import { firedAlert } from "../support/drift/fired-alert.ts";
import { receiveWindow, releasePrefix } from "../support/drift/receive-window.ts";
import { emptyWindow } from "../support/telemetry/windows.ts";

const [cellMs, dayMs] = [900_000, 86_400_000];
const startMs = 100 * dayMs;

let tables: RolloutTables;
let drift: SqlDriftStore;
let device: DeviceId;
let seq = 0;
beforeEach(async () => {
  tables = await rolloutTables();
  drift = new SqlDriftStore(tables.database);
  const [first] = await addDevices(tables, 1, () => ({ hall: "north" }));
  if (first === undefined) throw new Error("expected a device");
  device = first;
});
afterEach(() => tables[Symbol.asyncDispose]());

/** One window in the cell that begins so many cells after the first. */
async function receive(cell = 0, isOnTime = true): Promise<void> {
  const at = { startMs: startMs + cell * cellMs, lengthMs: cellMs, isOnTime };
  await receiveWindow(tables, { device, seq: seq++, cell: at });
}

const dirty = (nowMs = startMs + 10 * dayMs) =>
  drift.dirtyCells({ nowMs, graceCells: 2, count: 100 });
async function onlyDirty(): Promise<DirtyCell> {
  const [cell, ...more] = await dirty();
  if (cell === undefined || more.length > 0) throw new Error("expected one dirty cell");
  return cell;
}
const rollup = (changes: Partial<CellRollup> = {}): CellRollup => ({
  ...{ cohort: "fleet", startMs, lengthMs: cellMs, devices: 1, labels: [], verdicts: [] },
  merged: mergeWindows([emptyWindow]),
  ...changes,
});

test("a cell is due when two more have passed, and not a moment before", async () => {
  await receive();

  expect(await dirty(startMs + 3 * cellMs - 1)).toEqual([]);
  expect(await dirty(startMs + 3 * cellMs)).toMatchObject([
    { releasePrefix, startMs, lengthMs: cellMs, marked: 1, folded: 0, isOnTime: true },
  ]);
});

test("cells that may move alerts are judged before any number of old ones, each kind oldest first", async () => {
  for (const cell of [5, 4]) await receive(cell);
  for (const cell of [3, 0, 1]) await receive(cell, false);
  const order = async () => (await dirty()).map((cell) => (cell.startMs - startMs) / cellMs);

  expect(await order()).toEqual([4, 5, 0, 1, 3]);

  const [fourth] = await dirty();
  if (fourth === undefined) throw new Error("expected a dirty cell");
  await drift.commit({ cell: fourth, rollups: [], change: null });
  await receive(4);
  expect(await order()).toEqual([5, 0, 1, 3, 4]);
});

test("what comes between reading a cell and storing it leaves the cell dirty, with that alone", async () => {
  await receive();
  const read = await onlyDirty();
  await receive(0, false);

  expect(await drift.newWindows(read, 0, 10)).toMatchObject([{ mark: 1, device }]);
  expect(await drift.commit({ cell: read, rollups: [rollup()], change: null })).toBe(true);

  const again = await onlyDirty();
  expect(again).toMatchObject({ marked: 2, folded: 1 });
  expect(await drift.newWindows(again, 0, 10)).toMatchObject([
    { mark: 2, labels: { hall: "north" } },
  ]);
});

test("of two who judged the same cell the second changes nothing", async () => {
  await receive();
  const cell = await onlyDirty();
  const change = firedAlert(releasePrefix);
  expect(await drift.commit({ cell, rollups: [rollup()], change })).toBe(true);
  const before = await tables.dump();

  expect(await drift.commit({ cell, rollups: [rollup({ devices: 7 })], change })).toBe(false);

  expect(await tables.dump()).toEqual(before);
});

test("a cell whose release somebody changed meanwhile is stored by nobody, and stays dirty", async () => {
  await receive();
  const cell = await onlyDirty();
  await drift.changeAlerts(firedAlert(releasePrefix));

  expect(await drift.commit({ cell, rollups: [rollup()], change: firedAlert(releasePrefix) })).toBe(
    false,
  );

  expect(await dirty()).toEqual([cell]);
  expect(await drift.rollups(cell)).toEqual([]);
});

for (const table of ["outgoing_events", "audit_events", "alert_changes", "drift_rollups"]) {
  test(`nothing of a cell is there when ${table} cannot be written, and all of it once when it can`, async () => {
    await receive();
    const cell = await onlyDirty();
    const outcome = { cell, rollups: [rollup()], change: firedAlert(releasePrefix) };
    const before = await tables.dump();
    await sql`create trigger stop before insert on ${sql.table(table)}
      begin select raise(abort, 'stopped'); end`.execute(tables.database);

    await expect(drift.commit(outcome)).rejects.toThrow("stopped");
    await sql`drop trigger stop`.execute(tables.database);
    expect(await tables.dump()).toEqual(before);

    expect(await drift.commit(outcome)).toBe(true);
    expect(await drift.commit(outcome)).toBe(false);
    const {
      outgoing_events: events,
      alert_changes: changes,
      audit_events: audit,
    } = (await tables.dump()) as Record<string, readonly object[]>;
    expect(events).toHaveLength(1);
    expect(changes).toHaveLength(1);
    expect(
      audit?.filter((entry) => "action" in entry && entry.action === "alert.fired"),
    ).toHaveLength(1);
  });
}

test("a day is added up once it is over, anew when a cell of it gets more, and cells and days go at their age", async () => {
  const fold = (endedBeforeMs: number) => drift.foldDays(endedBeforeMs, 10, foldDay);
  for (const cell of [0, 1]) {
    await receive(cell);
    const read = await onlyDirty();
    await drift.commit({ cell: read, rollups: [rollup({ startMs: read.startMs })], change: null });
  }
  expect(await fold(startMs + dayMs - 1)).toBe(0);
  expect(await fold(startMs + dayMs)).toBe(1);
  expect(await fold(startMs + dayMs)).toBe(0);

  await receive(1, false);
  await drift.commit({
    cell: await onlyDirty(),
    rollups: [rollup({ startMs: startMs + cellMs, devices: 9 })],
    change: null,
  });
  expect(await fold(startMs + dayMs)).toBe(1);

  const days = tables.database.selectFrom("drift_rollups").selectAll().where("span", "=", "day");
  expect(await days.execute()).toMatchObject([{ start_ms: startMs, length_ms: dayMs, devices: 9 }]);
  expect(await drift.forget("cell", startMs, 10)).toBe(0);
  expect(await drift.forget("cell", startMs + cellMs + 1, 10)).toBe(2);
  expect(await days.execute()).toHaveLength(1);
  expect(await drift.forget("day", startMs + 1, 10)).toBe(1);
});
