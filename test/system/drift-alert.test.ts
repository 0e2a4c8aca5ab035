import { join } from "node:path";
import {
  type Alert,
  AlertDetail,
  AlertList,
  Deployment,
  DriftAnswer,
  Release,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startDigitsApplication } from "../support/fleet/digits-application.ts";
import {
  enrolAgent,
  startAgent,
  startController,
  type TestAgent,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const cellMs = 2_000;
const halls = ["north", "south"] as const;

const closers: (() => PromiseLike<unknown>)[] = [];
let controller: TestController;
const agents = new Map<string, TestAgent>();

beforeAll(async () => {
  const folder = await temporaryFolder();
  closers.push(() => folder[Symbol.asyncDispose]());
  const flags = ["--drift-window", `${cellMs}ms`];
  controller = await startController({ data: join(folder.path, "controller"), flags });
  closers.push(() => controller.program.stop());
  for (const hall of halls) {
    const data = join(folder.path, hall);
    await enrolAgent(controller, `cam-${hall}`, data, "--label", `hall=${hall}`);
    const agent = await startAgent(`cam-${hall}`, data);
    closers.push(() => agent.program.stop());
    agents.set(hall, agent);
  }
  await controller.command(Release, "release", "publish", "examples/digits/releases/1.0.0");
  await controller.command(Deployment, "deploy", "digits@1.0.0", "--all", "--wait");
}, 60_000);
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

async function firingAlert(): Promise<Alert> {
  const firing = (await alerts()).find(({ state }) => state === "FIRING");
  if (firing === undefined) throw new Error("expected an alert that fires");
  return firing;
}
const alerts = async () => (await controller.command(AlertList, "alert", "list")).alerts;

test("dirt on one lens is an alert that names its hall and its feature within four cells, and there is none before", async () => {
  const lenses = { north: { stain: 0 }, south: { stain: 0 } };
  const applications = await Promise.all(
    halls.map((hall) =>
      startDigitsApplication(agents.get(hall)?.socketPath ?? "", lenses[hall], hall.length),
    ),
  );
  // As many cells are judged without an alert as one takes to fire.
  await eventually(async () => (await judgedCells()) >= 4, { withinMs: 60_000, everyMs: 250 });
  expect(await alerts()).toEqual([]);

  const stainedCellMs = Math.floor(Date.now() / cellMs) * cellMs;
  lenses.south.stain = 0.5;
  const firing = await eventually(firingAlert, { withinMs: 60_000, everyMs: 250 });
  for (const one of applications) await one.stop();
  for (const { statuses } of applications) expect([...statuses.keys()]).toEqual([200]);

  const detail = await controller.command(AlertDetail, "alert", "show", firing.id);
  const fired = detail.changes.find(({ notice }) => notice === "fired");
  expect(fired?.culprits[0]).toMatchObject({ cohort: "hall=south", signal: "feature:ink.band5" });
  expect(((fired?.atMs ?? Number.NaN) - stainedCellMs) / cellMs).toBeLessThanOrEqual(4);
  for (const { startedAtMs } of await alerts()) {
    expect(startedAtMs).toBeGreaterThanOrEqual(stainedCellMs);
  }
}, 150_000);

/** Cells of the release so far, going by the newest that was judged. */
async function judgedCells(): Promise<number> {
  firstCellMs ??= await newestCellMs();
  const newest = await newestCellMs();
  return firstCellMs === undefined || newest === undefined
    ? 0
    : (newest - firstCellMs) / cellMs + 1;
}

let firstCellMs: number | undefined;

async function newestCellMs(): Promise<number | undefined> {
  const answer = await fetch(`${controller.url}/v1/models/digits/drift?cohort=fleet`);
  const { releases } = DriftAnswer.parse(await answer.json());
  return releases[0]?.cohorts[0]?.cellStartMs;
}
