import { DeploymentRequest } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { deployed, everywhere, lastDesired } from "../support/controller/deployments.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const deploy = (changes: object = {}) => deployed(world, changes);

test("tells devices for how long applications may put the swap off, also when a later one orders another slot", async () => {
  await published(world);

  const deployment = await deploy({ deferMsMax: 7_200_000 });
  await deploy({ slot: "side" });

  expect(deployment.deferMsMax).toBe(7_200_000);
  expect((await world.showDeployment.run(deployment.id)).deferMsMax).toBe(7_200_000);
  const [main, side] = lastDesired(world).document.models;
  expect(main).toMatchObject({ slot: "main", deferMsMax: 7_200_000 });
  expect(side?.deferMsMax).toBeUndefined();
});

test("shows in the deployment and at the device that an application puts the swap off, while it does", async () => {
  const { release } = await published(world);
  const { id } = await deploy();
  const named = { release, model: "vision.defects", version: "1.0.0" };
  const item = { ...named, slot: "main", step: "deferred", code: "DEFERRED" };
  const detail = "put off by an application, once; it takes place in 5000 ms at the latest";

  const report = camera.report({
    seq: 2,
    desiredSeq: 1,
    items: [{ ...item, detail, durationMs: 5_000 }],
    slots: [{ ...camera.slot(), trial: named }],
  });
  await world.ingestReport.run(camera.id, report);

  expect((await world.showDeployment.run(id)).devices).toMatchObject([
    { device: camera.id, status: "running", step: "deferred", code: "DEFERRED", detail },
  ]);
  expect((await world.showDevice.run(camera.id)).recent).toMatchObject([{ ...item, detail }]);
});

test.each([
  [0, true],
  [604_800_000, true],
  [604_800_001, false],
  [-1, false],
  [1.5, false],
])("a bound of %d ms for applications is accepted: %s", (deferMsMax, isAccepted) => {
  expect(DeploymentRequest.safeParse({ ...everywhere, deferMsMax }).success).toBe(isAccepted);
});
