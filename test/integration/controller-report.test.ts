import {
  controllerLimits,
  payloadTypes,
  type ReportMessage,
  type Sha256,
  signEnvelope,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DeviceOrder } from "../../controller/src/app/ingest/device-order.ts";
import { IngestReport } from "../../controller/src/app/ingest/ingest-report.ts";
import { StoreError } from "../../controller/src/domain/errors.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
let release: Sha256;
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
  ({ release } = await published(world));
});
afterEach(() => world[Symbol.asyncDispose]());

const report = (changes: object) => world.ingestReport.run(camera.id, camera.report(changes));
const item = (step: ReportMessage["items"][number]["step"]) => ({
  ...{ slot: "main", release, model: "vision.defects", version: "1.0.0" },
  step,
});
const stepsKept = async () =>
  (await world.showDevice.run(camera.id)).recent.map(({ step }) => step);
const ackedReports = async () => {
  await world.clock.advance(1_000);
  return world.bus.acks
    .filter(({ stream }) => stream === "report")
    .map(({ boot, seq }) => [boot, seq]);
};

describe("a report", () => {
  test("is stored, and acknowledged a second later", async () => {
    expect(await report({ seq: 4, items: [item("accepted")], slots: [camera.slot()] })).toEqual({
      kind: "stored",
    });
    expect(world.bus.acks).toEqual([]);

    expect(await ackedReports()).toEqual([[1, 4]]);
    expect(await world.showDevice.run(camera.id)).toMatchObject({
      recent: [{ step: "accepted", atMs: fixtureTimes.nowMs }],
      slots: [{ slot: "main" }],
    });
  });

  test("F52: that comes again changes nothing and is acknowledged again", async () => {
    await report({ seq: 4, items: [item("accepted")] });
    await ackedReports();

    expect(await report({ seq: 4, items: [item("accepted")] })).toEqual({ kind: "duplicate" });

    expect(await stepsKept()).toEqual(["accepted"]);
    expect(await ackedReports()).toEqual([
      [1, 4],
      [1, 4],
    ]);
  });

  test("F52: that is older than the newest is not applied", async () => {
    await report({ seq: 5, items: [item("confirmed")], slots: [camera.slot()] });

    expect(await report({ seq: 4, items: [item("loading")] })).toEqual({ kind: "duplicate" });

    expect(await stepsKept()).toEqual(["confirmed"]);
  });

  test("of a new start is newer, whatever its sequence", async () => {
    await report({ boot: 1, seq: 500 });

    expect(await report({ boot: 2, seq: 0 })).toEqual({ kind: "stored" });
  });

  test("of a device that lost its state counts from the beginning again", async () => {
    await world.answerHello.run(camera.id, camera.hello({ boot: 9 }));
    await report({ boot: 9, seq: 3 });

    const later = { boot: 1, issuedAt: "2026-11-21T09:00:01Z" };
    await world.answerHello.run(camera.id, camera.hello(later));

    expect(await report({ boot: 1, seq: 0 })).toEqual({ kind: "stored" });
  });

  test("keeps the newest two hundred steps of a device", async () => {
    for (let seq = 0; seq < 4; seq++) {
      await report({ seq, items: Array.from({ length: 60 }, () => item("accepted")) });
    }
    await report({ seq: 9, items: [item("confirmed")] });

    const steps = await stepsKept();

    expect(steps).toHaveLength(200);
    expect(steps.at(-1)).toBe("confirmed");
  });

  test.each([
    ["an earlier start", { boot: 1, seq: 8, desiredSeq: 7 }],
    ["an older document", { boot: 2, seq: 0, desiredSeq: 6 }],
  ])("written under %s than the last hello is kept and takes nothing back", async (_, place) => {
    const hello = { boot: 2, desiredSeq: 7, slots: [camera.slot({ slot: "later" })] };
    await world.answerHello.run(camera.id, camera.hello(hello));

    await report({ ...place, items: [item("confirmed")], slots: [camera.slot()] });

    const { slots, recent } = await world.showDevice.run(camera.id);
    expect(slots.map(({ slot }) => slot)).toEqual(["later"]);
    expect(recent.map(({ step }) => step)).toEqual(["confirmed"]);
  });

  test("of many at once is applied in the order it came", async () => {
    const outcomes = await Promise.all([0, 1, 2, 3, 4].map((seq) => report({ seq })));

    expect(outcomes.map(({ kind }) => kind)).toEqual(new Array(5).fill("stored"));
  });
});

describe("a message that is refused", () => {
  test("F53: with another device's signature is counted, logged and not acknowledged, and stops nothing", async () => {
    const other = await enrolled(world, "cam-0018");
    const forged = other.report({ device: camera.id, seq: 0, items: [item("confirmed")] });

    expect(await world.ingestReport.run(camera.id, forged)).toMatchObject({ code: "SIGNATURE" });
    expect(await ackedReports()).toEqual([]);

    await report({ seq: 1 });
    expect(await ackedReports()).toEqual([[1, 1]]);
    expect(world.refusals.snapshot()).toMatchObject([
      { stream: "report", code: "SIGNATURE", count: 1 },
    ]);
    expect(world.log.named("message.refused")).toMatchObject([{ device: "cam-0017" }]);
  });

  test("F53: signed by the device but about another one is not applied", async () => {
    await enrolled(world, "cam-0018");
    const about = camera.report({ device: "cam-0018", items: [item("confirmed")] });

    expect(await world.ingestReport.run(camera.id, about)).toMatchObject({
      code: "FOREIGN_DEVICE",
    });
    expect(await ackedReports()).toEqual([]);
  });

  test("of a newer agent that we cannot read is acknowledged, or its stream would stop for ever", async () => {
    const message = { type: "report", spec: 2, device: "cam-0017", boot: 1, seq: 8, novelty: true };
    const payload = new TextEncoder().encode(JSON.stringify(message));
    const envelope = signEnvelope(payloadTypes.report, payload, [camera.signer]);

    expect(await world.ingestReport.run(camera.id, envelope)).toMatchObject({ code: "FORMAT" });
    expect(await ackedReports()).toEqual([[1, 8]]);
  });

  test("that is no envelope at all is not acknowledged", async () => {
    const noise = Buffer.from("hello");

    expect(await world.ingestReport.run(camera.id, noise)).toMatchObject({ code: "FORMAT" });
    expect(await ackedReports()).toEqual([]);
  });
});

describe("a report that cannot be stored", () => {
  const brokenFleet = (failures: { left: number }) => ({
    ...world.fleet,
    device: world.fleet.device,
    recordReport: (...call: Parameters<typeof world.fleet.recordReport>) => {
      failures.left -= 1;
      if (failures.left >= 0) return Promise.reject(new StoreError("NO_SPACE", "disk full"));
      return world.fleet.recordReport(...call);
    },
  });

  test("is not acknowledged, nor is any after it, and the device is sent away", async () => {
    const ingest = new IngestReport({ ...world, fleet: brokenFleet({ left: 1 }) });

    const lost = await refused(ingest.run(camera.id, camera.report({ seq: 0 })));
    await ingest.run(camera.id, camera.report({ seq: 1 }));

    expect(lost.code).toBe("NO_SPACE");
    expect(world.bus.disconnected).toEqual(["cam-0017"]);
    expect(await ackedReports()).toEqual([]);
  });

  test("is stored when it comes again, although a later one came in between", async () => {
    const ingest = new IngestReport({ ...world, fleet: brokenFleet({ left: 1 }) });
    const [first, second] = [0, 1].map((seq) =>
      camera.report({ seq, items: [item(seq === 0 ? "accepted" : "confirmed")] }),
    ) as [Uint8Array, Uint8Array];
    await refused(ingest.run(camera.id, first));
    expect(await ingest.run(camera.id, second)).toMatchObject({ code: "EARLIER_MISSING" });

    await ingest.run(camera.id, first);
    await ingest.run(camera.id, second);

    expect(await stepsKept()).toEqual(["accepted", "confirmed"]);
    expect(await ackedReports()).toEqual([[1, 1]]);
  });

  test("since too many wait already is not passed over by those behind it", async () => {
    const order = new DeviceOrder();
    const gate = Promise.withResolvers<undefined>();
    const waiting = Array.from({ length: controllerLimits.messagesWaitingPerDeviceMax }, () =>
      order.run(camera.id, () => gate.promise),
    );
    const ingest = new IngestReport({ ...world, order });
    const send = (seq: number) => ingest.run(camera.id, camera.report({ seq }));

    expect(await send(0)).toMatchObject({ code: "BUSY" });
    gate.resolve(undefined);
    await Promise.all(waiting);
    expect(await send(1)).toMatchObject({ code: "EARLIER_MISSING" });
    expect(world.bus.disconnected).toEqual(["cam-0017"]);

    await world.answerHello.run(camera.id, camera.hello());
    expect([await send(0), await send(1)]).toEqual([{ kind: "stored" }, { kind: "stored" }]);
    expect(await ackedReports()).toEqual([[1, 1]]);
  });

  test("is acknowledged when the device came back and sent it again", async () => {
    const ingest = new IngestReport({ ...world, fleet: brokenFleet({ left: 1 }) });
    await refused(ingest.run(camera.id, camera.report({ seq: 0 })));

    await world.answerHello.run(camera.id, camera.hello());
    await ingest.run(camera.id, camera.report({ seq: 0 }));

    expect(await ackedReports()).toEqual([[1, 0]]);
  });
});
