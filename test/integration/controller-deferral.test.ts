import { DeploymentRequest, DesiredDocument, decodeEnvelope } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const request = { model: "vision.defects", version: "1.0.0", target: { all: true } };

const deploy = (changes: object = {}) =>
  world.deploy.run(DeploymentRequest.parse({ ...request, ...changes }), localPrincipal);

function lastModels() {
  const envelope = world.bus.desired.at(-1)?.envelope ?? new Uint8Array();
  const text = new TextDecoder().decode(decodeEnvelope(envelope).payload);
  return DesiredDocument.parse(JSON.parse(text)).models;
}

test("tells devices for how long applications may put the swap off, also when a later one orders another slot", async () => {
  await published(world);

  const deployment = await deploy({ deferMsMax: 7_200_000 });
  await deploy({ slot: "side" });

  expect(deployment.deferMsMax).toBe(7_200_000);
  expect((await world.showDeployment.run(deployment.id)).deferMsMax).toBe(7_200_000);
  const [main, side] = lastModels();
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
  expect(DeploymentRequest.safeParse({ ...request, deferMsMax }).success).toBe(isAccepted);
});
