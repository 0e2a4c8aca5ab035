import {
  type Alert,
  AlertDetail,
  AlertList,
  Maintenance,
  Release,
  Rollout,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadDigits, PIXELS } from "../../examples/digits/dataset.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice } from "../support/fleet/ask-device.ts";
import { startPair, type TestAgent, type TestController } from "../support/fleet/small-fleet.ts";
import { seededRandom } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const rowsPerRequest = 64;
/** Within what the reference has seen: a value that cannot be would be told at once, as a fault. */
const HAZE = 0.25;
/** What the feature `ink.band5` looks at. */
const band5 = { from: 560, until: 672 };

const closers: (() => PromiseLike<unknown>)[] = [];
let controller: TestController;
let agent: TestAgent;
beforeAll(async () => {
  const folder = await temporaryFolder();
  closers.push(() => folder[Symbol.asyncDispose]());
  ({ controller, agent } = await startPair(folder.path, "--drift-window", "1s"));
  closers.push(
    () => controller.program.stop(),
    () => agent.program.stop(),
  );
  await controller.command(Release, "release", "publish", "examples/digits/releases/1.0.0");
}, 60_000);
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** Sees digits through a dirty lens, from before the device has a model that answers. */
async function startApplication(): Promise<{ readonly stop: () => Promise<void> }> {
  const digits = (await loadDigits()).heldOut;
  const random = seededRandom(5);
  const camera = { isStopped: false };
  const ask = () => {
    const data = Array.from({ length: rowsPerRequest }, () => {
      const pixels = digits[random.below(digits.length)]?.pixels ?? [];
      return Array.from(pixels, (ink, at) =>
        at >= band5.from && at < band5.until ? Math.max(ink, HAZE) : ink,
      );
    }).flat();
    const input = { name: "x", datatype: "FP32", shape: [rowsPerRequest, PIXELS], data };
    return askDevice(agent.socketPath, "/v2/models/digits/infer", { inputs: [input] });
  };
  const done = (async () => {
    while (!camera.isStopped) await ask();
  })();
  return {
    stop: () => {
      camera.isStopped = true;
      return done;
    },
  };
}

/** Of the feature, in the fleet, when it has come so far. */
function fleetAlert(wanted: Pick<Alert, "state" | "suppression">): Promise<Alert> {
  return eventually(
    async () => {
      const { alerts } = await controller.command(AlertList, "alert", "list");
      const found = alerts.find(
        ({ cohort, signal }) => cohort === "fleet" && signal === "feature:ink.band5",
      );
      if (found?.state === wanted.state && found.suppression === wanted.suppression) return found;
      throw new Error(`expected it ${wanted.state}, got ${JSON.stringify(found ?? alerts)}`);
    },
    { withinMs: 40_000, everyMs: 200 },
  );
}

test("drift that comes with a rollout is told after its warm-up, silenced by a maintenance, and back when that is ended", async () => {
  const application = await startApplication();
  closers.push(() => application.stop());
  const { id: rollout } = await controller.command(Rollout, "rollout", "start", "digits@1.0.0");

  const kept = await fleetAlert({ state: "SUPPRESSED", suppression: "rollout" });
  await fleetAlert({ state: "FIRING", suppression: null });
  const announced = await controller.command(
    Maintenance,
    ...["maintenance", "add", "--model", "digits", "--for", "1h", "--reason", "lens cleaned"],
  );
  await fleetAlert({ state: "SUPPRESSED", suppression: "maintenance" });
  await controller.command(Maintenance, "maintenance", "end", announced.id);
  await fleetAlert({ state: "FIRING", suppression: null });

  const { changes } = await controller.command(AlertDetail, "alert", "show", kept.id);
  expect(changes.map(({ to, notice }) => [to, notice])).toEqual([
    ["SUPPRESSED", null],
    ["FIRING", "fired"],
    ["SUPPRESSED", null],
    ["FIRING", null],
  ]);
  expect(changes.map(({ suppressedBy }) => suppressedBy)).toMatchObject([
    { kind: "rollout", rollout, devices: 1, ofDevices: 1 },
    null,
    { kind: "maintenance", maintenance: announced.id, reason: "lens cleaned", by: "local" },
    null,
  ]);
}, 120_000);
