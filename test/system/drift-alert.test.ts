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
import { type Digit, loadDigits, PIXELS } from "../../examples/digits/dataset.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice } from "../support/fleet/ask-device.ts";
import {
  enrolAgent,
  startAgent,
  startController,
  type TestAgent,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { seededRandom } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const cellMs = 2_000;
const halls = ["north", "south"] as const;
/** What the feature `ink.band5` looks at. */
const band5 = { from: 560, until: 672 };
const rowsPerRequest = 64;

const closers: (() => PromiseLike<unknown>)[] = [];
let controller: TestController;
const agents = new Map<string, TestAgent>();
let digits: readonly Digit[] = [];

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
  digits = (await loadDigits()).heldOut;
}, 60_000);
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** Asks as fast as the device answers, until it is told to stop. */
function application(hall: string) {
  const random = seededRandom(hall.length);
  const agent = agents.get(hall);
  const camera = { isStained: false, isStopped: false };
  const ask = async () => {
    const data = Array.from({ length: rowsPerRequest }, () => {
      const pixels = digits[random.below(digits.length)]?.pixels ?? [];
      return Array.from(pixels, (ink, at) =>
        camera.isStained && at >= band5.from && at < band5.until ? Math.max(ink, 0.5) : ink,
      );
    }).flat();
    const input = { name: "x", datatype: "FP32", shape: [rowsPerRequest, PIXELS], data };
    return askDevice(agent?.socketPath ?? "", "/v2/models/digits/infer", { inputs: [input] });
  };
  const done = (async () => {
    while (!camera.isStopped) expect((await ask()).status).toBe(200);
  })();
  return {
    stain: () => {
      camera.isStained = true;
    },
    stop: () => {
      camera.isStopped = true;
      return done;
    },
  };
}

async function firingAlert(): Promise<Alert> {
  const firing = (await alerts()).find(({ state }) => state === "FIRING");
  if (firing === undefined) throw new Error("expected an alert that fires");
  return firing;
}
const alerts = async () => (await controller.command(AlertList, "alert", "list")).alerts;

test("dirt on one lens is an alert that names its hall and its feature within four cells, and there is none before", async () => {
  const applications = halls.map(application);
  // As many cells are judged without an alert as one takes to fire.
  await eventually(async () => (await judgedCells()) >= 4, { withinMs: 60_000, everyMs: 250 });
  expect(await alerts()).toEqual([]);

  const stainedCellMs = Math.floor(Date.now() / cellMs) * cellMs;
  applications[halls.indexOf("south")]?.stain();
  const firing = await eventually(firingAlert, { withinMs: 60_000, everyMs: 250 });
  for (const one of applications) await one.stop();

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
