import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { cellMs, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const judge = join(import.meta.dirname, "../support/drift/mortal-judge.ts");
const at = (cell: number) => driftStartMs + cell * cellMs;
/** When the last of four cells is due. */
const nowMs = at(6);

/** Four cells that wait to be judged, all of them moved by a standard deviation: the third one fires. */
async function waitingCells(home: string): Promise<void> {
  await using world = await driftWorld({ home });
  const release = await world.publish();
  const cameras = [await world.device("cam-1"), await world.device("cam-2")];
  for (const cell of [0, 1, 2, 3]) {
    await world.clock.advance(at(cell + 1) - world.clock.nowMs());
    for (const camera of cameras) {
      const shift = { feature: 0, by: 1 };
      await world.send(camera, [world.window(release, { startMs: at(cell), shift })]);
    }
  }
}

/** @returns the signal that ended it; null when it came to its end */
async function judgeUntil(home: string, ...fate: string[]): Promise<unknown> {
  const child = fork(judge, [home, String(nowMs), ...fate], {
    execArgv: ["--conditions=modelfleet-source"],
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, unknown];
  if (code !== null && code !== 0) throw new Error(`the judging process ended with ${code}`);
  return signal;
}

/** What is in the file, with nobody else at it. */
function told(home: string) {
  const database = new DatabaseSync(join(home, "controller.sqlite"));
  const all = (query: string) =>
    database
      .prepare(query)
      .all()
      .map((row) => ({ ...row }));
  const found = {
    events: all("select type, subject from outgoing_events"),
    audit: all("select action, subject from audit_events where action like 'alert.%'"),
    open: all("select cohort, signal, state from alerts where state = 'FIRING'"),
    dirty: all("select cell_ms from drift_cells where marked > folded"),
    judged: all("select distinct start_ms from drift_rollups where span = 'cell'").length,
  };
  database.close();
  return found;
}

test("a controller killed before and after it stores the cell that fires tells of it once, and of nothing else", async () => {
  await using folder = await temporaryFolder();
  const home = folder.path;
  await waitingCells(home);

  expect(await judgeUntil(home, "before", "3")).toBe("SIGKILL");
  expect(told(home)).toMatchObject({ events: [], audit: [], open: [], judged: 2 });

  expect(await judgeUntil(home, "after", "1")).toBe("SIGKILL");
  const once = told(home);
  expect(once).toMatchObject({
    events: [{ type: "modelfleet.alert.firing" }],
    audit: [{ action: "alert.fired" }],
    open: [{ cohort: "fleet", signal: "feature:brightness" }],
    judged: 3,
  });

  expect(await judgeUntil(home, "never")).toBeNull();
  expect(await judgeUntil(home, "never")).toBeNull();
  expect(told(home)).toEqual({ ...once, judged: 4, dirty: [] });
}, 60_000);
