import {
  DesiredDocument,
  decodeEnvelope,
  encodeBase64,
  mainSlot,
  Sha256,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { ExportBundle } from "../../controller/src/app/bundle/export-bundle.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { nonceOf, SimulatedDevice } from "../support/controller/simulated-device.ts";

test("the bundle of a device answers its hello and names every file it needs", async () => {
  await using world = await controllerWorld();
  const device = await enrolled(world);
  await world.answerHello.run(device.id, device.hello());
  const release = await published(world);
  await deployed(world, device);

  const bundle = await exporting(world).run(
    device.id,
    { hello: encodeBase64(device.hello({ boot: 2, nonce: nonceOf(9) })), rootVersion: 1 },
    localPrincipal,
  );

  const desired = readDesired(bundle.desired);
  expect(desired).toMatchObject({ device: device.id, seq: bundle.seq, nonce: nonceOf(9) });
  expect(desired.models.map((model) => model.release)).toEqual([release.release]);
  expect(bundle.releases.map((one) => one.release)).toEqual([release.release]);
  expect(bundle.files.map(({ sha256 }) => Sha256.parse(sha256)).toSorted()).toEqual(
    [...new Set(release.document.files.map(({ sha256 }) => sha256))].toSorted(),
  );
  expect(bundle.roots).toEqual([]);
});

test("without a hello the order has a number of its own and no nonce", async () => {
  await using world = await controllerWorld();
  const device = await enrolled(world);

  const first = await exporting(world).run(device.id, { rootVersion: 1 }, localPrincipal);
  const second = await exporting(world).run(device.id, { rootVersion: 1 }, localPrincipal);

  expect(second.seq).toBe(first.seq + 1);
  expect(readDesired(second.desired).nonce).toBeUndefined();
});

test("the hello of another device is refused, and no order is signed for it", async () => {
  await using world = await controllerWorld();
  const device = await enrolled(world);
  const stranger = new SimulatedDevice("cam-0099");
  const hello = encodeBase64(stranger.hello({ device: device.id }));

  const { code } = await refused(
    exporting(world).run(device.id, { hello, rootVersion: 1 }, localPrincipal),
  );

  expect(code).toBe("HELLO_REFUSED");
  expect((await world.fleet.device(device.id))?.desired.seq).toBe(0);
});

function exporting(world: ControllerWorld): ExportBundle {
  return new ExportBundle(world);
}

async function deployed(world: ControllerWorld, device: SimulatedDevice): Promise<void> {
  const { model, version } = (await world.listReleases.run())[0]?.document ?? {};
  if (model === undefined || version === undefined) throw new Error("expected a release");
  const request = { model, version, slot: mainSlot, target: { device: device.id } };
  await world.deploy.run(request, localPrincipal);
}

function readDesired(base64: string): DesiredDocument {
  const { payload } = decodeEnvelope(Buffer.from(base64, "base64"));
  return DesiredDocument.parse(JSON.parse(new TextDecoder().decode(payload)));
}
