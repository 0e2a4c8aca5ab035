import {
  type Alert,
  AlertDetail,
  AlertList,
  Maintenance,
  Release,
  Rollout,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startDigitsApplication } from "../support/fleet/digits-application.ts";
import { startPair, type TestAgent, type TestController } from "../support/fleet/small-fleet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Within what the reference has seen: a value that cannot be would be told at once, as a fault. */
const haze = { stain: 0.25 };

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
  // From before the device has a model that answers.
  const application = await startDigitsApplication(agent.socketPath, haze, 5);
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
  // Windows of a slow machine may be merged, so that it recovers for a moment before it fires again.
  expect(changes.flatMap(({ notice }) => notice ?? [])).toEqual(["fired"]);
  expect(changes.at(-1)).toMatchObject({ to: "FIRING" });
  const causes = changes.flatMap(({ suppressedBy }) => suppressedBy ?? []);
  expect(causes[0]).toMatchObject({ kind: "rollout", rollout, devices: 1, ofDevices: 1 });
  expect(causes.at(-1)).toMatchObject({
    ...{ kind: "maintenance", maintenance: announced.id, announcedFor: "fleet" },
    ...{ reason: "lens cleaned", by: "local", devices: 1, ofDevices: 1 },
  });
}, 120_000);
