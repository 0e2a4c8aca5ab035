import {
  checkDesired,
  DeploymentRequest,
  DesiredDocument,
  decodeEnvelope,
  initialTrustState,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DeployRelease } from "../../controller/src/app/deployment/deploy-release.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { deployed, lastDesired } from "../support/controller/deployments.ts";
import { refused } from "../support/controller/refused.ts";
import { gatewayFacts, type SimulatedDevice } from "../support/controller/simulated-device.ts";
import { smallUpload } from "../support/controller/upload.ts";
import { fixtureTimes, fleetRoot } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const deploy = (changes: object = {}) => deployed(world, changes);
const lastSent = () => lastDesired(world);
const statusOf = async (id: string) => (await world.showDeployment.run(id)).devices[0]?.status;

describe("a deployment", () => {
  test("gives the device a document it accepts, and says what was assigned", async () => {
    const { release } = await published(world);

    const deployment = await deploy();

    const { envelope, document } = lastSent();
    const state = initialTrustState(fleetRoot(), camera.id, 0);
    const context = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };
    expect(checkDesired(state, envelope, context).kind).toBe("new");
    expect(document).toMatchObject({ seq: 1, models: [{ slot: "main", release }] });
    expect(deployment.devices).toMatchObject([
      { device: "cam-0017", status: "assigned", seq: 1, step: null, reasons: [] },
    ]);
    expect(await world.showDevice.run(camera.id)).toMatchObject({
      desired: { seq: 1, slots: [{ slot: "main", release, version: "1.0.0" }] },
    });
  });

  test("leaves the other slots of the device as they are", async () => {
    await published(world);
    await deploy();

    await deploy({ slot: "aux" });

    expect(lastSent().document.models.map(({ slot }) => slot)).toEqual(["aux", "main"]);
  });

  test("reaches the devices that carry all of its labels, and no other", async () => {
    const other = await enrolled(world, "cam-0018");
    await world.changeDevice.run(
      other.id,
      { labels: { site: "plant-b", line: "3" } },
      localPrincipal,
    );
    await published(world);

    const { devices } = await deploy({ target: { labels: { site: "plant-b", line: "3" } } });

    expect(devices.map(({ device }) => device)).toEqual(["cam-0018"]);
    expect(world.bus.desired.map(({ device }) => device)).toEqual(["cam-0018"]);
  });

  test("at the same moment as others never gives two documents one sequence", async () => {
    await published(world);

    await Promise.all([deploy(), deploy({ slot: "aux" }), deploy({ slot: "side" })]);

    const seqs = world.bus.desired.map(({ envelope }) => {
      const text = new TextDecoder().decode(decodeEnvelope(envelope).payload);
      return DesiredDocument.parse(JSON.parse(text)).seq;
    });
    expect(new Set(seqs).size).toBe(3);
    const device = await world.showDevice.run(camera.id);
    expect(device.desired.slots.map(({ slot }) => slot)).toEqual(["aux", "main", "side"]);
  });

  test("is stored although the device cannot be reached", async () => {
    await published(world);
    const { publishAck, disconnect, expel } = world.bus;
    const publishDesired = () => Promise.reject(new Error("no broker"));
    const silent = { publishAck, disconnect, expel, publishDesired };

    const request = { model: "vision.defects", version: "1.0.0", target: { all: true } };
    await new DeployRelease({ ...world, bus: silent }).run(
      DeploymentRequest.parse(request),
      localPrincipal,
    );

    expect((await world.showDevice.run(camera.id)).desired.seq).toBe(1);
    expect(world.log.named("desired.not-sent")).toHaveLength(1);
  });
});

describe("a device that cannot take the release", () => {
  test("is listed with every reason and left alone", async () => {
    await published(world);
    const facts = { ...gatewayFacts, runtimes: [], diskFreeMiB: 0 };
    await world.answerHello.run(camera.id, camera.hello({ facts }));
    const sent = world.bus.desired.length;

    const { devices } = await deploy();

    expect(devices).toMatchObject([{ status: "ineligible", seq: null }]);
    expect(devices[0]?.reasons.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["RUNTIME_MISSING", "DISK"]),
    );
    expect(world.bus.desired).toHaveLength(sent);
  });

  test("that has never said hello is judged by its class", async () => {
    await world.publish.run(
      smallUpload({
        compat: { classes: ["cam-v3"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
      }),
      localPrincipal,
    );

    expect((await deploy()).devices).toMatchObject([
      { status: "ineligible", reasons: [{ code: "CLASS", need: "cam-v3", have: "cam-v2" }] },
    ]);
  });
});

describe("a deployment is refused", () => {
  test("of a model nobody has published", async () => {
    const { code, message } = await refused(deploy());

    expect(code).toBe("MODEL_UNKNOWN");
    expect(message).toContain("modelfleet release publish");
  });

  test("of an unknown version, naming those there are", async () => {
    await published(world);

    const { code, message } = await refused(deploy({ version: "9.9.9" }));

    expect(code).toBe("RELEASE_UNKNOWN");
    expect(message).toContain("(1.0.0), got 9.9.9");
  });

  test("to a device that is not enrolled", async () => {
    await published(world);

    const unknown = await refused(deploy({ target: { device: "cam-9999" } }));

    expect(unknown.code).toBe("DEVICE_UNKNOWN");
  });

  test("to labels nobody carries", async () => {
    await published(world);

    const empty = await refused(deploy({ target: { labels: { site: "moon" } } }));

    expect(empty.code).toBe("SELECTION_EMPTY");
    expect(empty.message).toContain("site=moon");
  });

  test("that would give a device a seventeenth slot, and changes nothing", async () => {
    await published(world);
    for (let i = 0; i < 16; i++) await deploy({ slot: `s${i}` });

    const full = await refused(deploy({ slot: "one-more" }));

    expect(full.code).toBe("MODELS_TOO_MANY");
    expect((await world.showDevice.run(camera.id)).desired.seq).toBe(16);
  });

  test("when its id is asked for and unknown", async () => {
    expect((await refused(world.showDeployment.run("nothing"))).code).toBe("DEPLOYMENT_UNKNOWN");
  });
});

describe("how far a deployment is", () => {
  test("follows the signed reports of the device", async () => {
    const { release } = await published(world);
    const { id } = await deploy();
    const item = { slot: "main", release, model: "vision.defects", version: "1.0.0" };

    await world.ingestReport.run(
      camera.id,
      camera.report({ seq: 0, desiredSeq: 1, items: [{ ...item, step: "downloading" }] }),
    );
    expect(await statusOf(id)).toBe("running");

    await world.ingestReport.run(
      camera.id,
      camera.report({ seq: 1, desiredSeq: 1, items: [{ ...item, step: "confirmed" }] }),
    );
    expect(await statusOf(id)).toBe("confirmed");
  });

  test("a refusal is told with its reason, and stays when the next release is wanted", async () => {
    const { release } = await published(world);
    const { id } = await deploy();
    await published(world, "2.0.0");

    const refusal = { step: "refused", code: "GOLDEN_MISMATCH", detail: "case four ones" };
    const item = { slot: "main", release, model: "vision.defects", version: "1.0.0", ...refusal };
    await world.ingestReport.run(camera.id, camera.report({ desiredSeq: 1, items: [item] }));
    await deploy({ version: "2.0.0" });

    expect((await world.showDeployment.run(id)).devices).toMatchObject([
      { status: "refused", code: "GOLDEN_MISMATCH", detail: "case four ones" },
    ]);
  });

  test("an open one is superseded by the next", async () => {
    await published(world);
    await published(world, "2.0.0");
    const first = await deploy();

    const second = await deploy({ version: "2.0.0" });

    expect(await statusOf(first.id)).toBe("superseded");
    expect(await statusOf(second.id)).toBe("assigned");
    expect((await world.listDeployments.run()).map(({ id }) => id)).toEqual(
      expect.arrayContaining([first.id, second.id]),
    );
  });

  test("a report about a release belongs to its newest deployment", async () => {
    const { release } = await published(world);
    const first = await deploy();
    const second = await deploy();
    const reference = { release, model: "vision.defects", version: "1.0.0" };

    const item = { slot: "main", ...reference, step: "activated" };
    await world.ingestReport.run(camera.id, camera.report({ desiredSeq: 2, items: [item] }));

    expect((await world.showDeployment.run(first.id)).devices[0]?.step).toBeNull();
    expect((await world.showDeployment.run(second.id)).devices[0]?.step).toBe("activated");
  });

  test("the end of an earlier try is not taken for the end of the latest one", async () => {
    const { release } = await published(world);
    await published(world, "2.0.0");
    const first = await deploy();
    await deploy({ version: "2.0.0" });
    const again = await deploy();
    const end = { step: "rolled-back", code: "ROLLED_BACK", detail: "another release was wanted" };

    const item = { slot: "main", release, model: "vision.defects", version: "1.0.0", ...end };
    await world.ingestReport.run(camera.id, camera.report({ desiredSeq: 2, items: [item] }));

    expect(await statusOf(first.id)).toBe("rolled-back");
    expect(await statusOf(again.id)).toBe("assigned");
  });

  test("a document the device could not accept ends the deployment it came with", async () => {
    const { release } = await published(world);
    await published(world, "2.0.0");
    await deploy();
    await deploy({ version: "2.0.0" });
    const again = await deploy();
    const end = { step: "refused", code: "DOWNLOAD_FAILED", detail: "no answer" };

    const item = { slot: "main", release, model: "vision.defects", version: "0.0.0", ...end };
    await world.ingestReport.run(camera.id, camera.report({ desiredSeq: 2, items: [item] }));

    expect(await statusOf(again.id)).toBe("refused");
  });
});
