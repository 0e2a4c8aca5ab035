import {
  digest8,
  emptyLatency,
  encodeSignedBatch,
  mainSlot,
  type Sha256,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
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

describe("telemetry", () => {
  const window = (changes: Partial<TelemetryWindow> = {}): TelemetryWindow => ({
    slot: mainSlot,
    release: digest8(release),
    profile: null,
    startMs: fixtureTimes.nowMs - 900_000,
    durationMs: 900_000,
    clockSynced: true,
    historical: false,
    requests: 3,
    errors: [{ code: "DEADLINE_EXCEEDED", count: 1 }],
    latency: { ...emptyLatency, offset: 60, counts: [3], sumUs: 600 },
    items: 0,
    features: [],
    outputs: [],
    categories: [],
    sampleRate: 1,
    epsilon: null,
    ...changes,
  });
  const send = (windows: readonly TelemetryWindow[], place = { boot: 1, seq: 0 }) =>
    world.ingestTelemetry.run(camera.id, camera.telemetry(windows, place));
  const summary = async (query = {}) => (await world.summarize.run(query)).summaries;

  test("is stored, acknowledged, and adds up in its release's summary", async () => {
    expect(await send([window(), window({ startMs: fixtureTimes.nowMs - 1_800_000 })])).toEqual({
      kind: "stored",
    });

    await world.clock.advance(1_000);
    expect(world.bus.acks).toMatchObject([{ stream: "tele", boot: 1, seq: 0 }]);
    expect(await summary()).toMatchObject([
      { release, devices: ["cam-0017"], windows: 2, requests: 6, errors: { DEADLINE_EXCEEDED: 2 } },
    ]);
  });

  test("F52: that comes twice adds up once", async () => {
    await send([window()]);

    expect(await send([window()])).toEqual({ kind: "duplicate" });

    expect(await summary()).toMatchObject([{ windows: 1, requests: 3 }]);
  });

  test("of a device that lost its state is no duplicate of what it sent before", async () => {
    await world.answerHello.run(camera.id, camera.hello({ boot: 1 }));
    await send([window()]);

    const wiped = { boot: 0, issuedAt: "2026-11-21T09:00:01Z" };
    await world.answerHello.run(camera.id, camera.hello(wiped));
    await world.answerHello.run(camera.id, camera.hello({ ...wiped, boot: 1 }));

    expect(await send([window()])).toEqual({ kind: "stored" });
  });

  test("is found by device, model, version and time", async () => {
    await send([window()]);
    const startMs = fixtureTimes.nowMs - 900_000;

    expect(await summary({ device: camera.id, model: "vision.defects" })).toHaveLength(1);
    await expect(summary({ device: "cam-0018" })).rejects.toThrow("expected a device of this");
    await expect(summary({ version: "9.9.9" })).rejects.toThrow("(1.0.0), got 9.9.9");
    expect(await summary({ sinceMs: startMs, untilMs: startMs + 1 })).toHaveLength(1);
    expect(await summary({ sinceMs: startMs + 1 })).toEqual([]);
    expect(await summary({ untilMs: startMs })).toEqual([]);
  });

  test("keeps the good windows of a batch and counts the bad ones", async () => {
    const early = window({ startMs: fixtureTimes.nowMs - 31 * 24 * 3_600_000 });

    expect(await send([window(), early])).toEqual({ kind: "stored" });

    expect(await summary()).toMatchObject([{ windows: 1 }]);
    expect(world.refusals.snapshot()).toMatchObject([
      { stream: "tele", code: "WINDOW_TIME", count: 1 },
    ]);
  });

  test("of a release nobody has published is counted and acknowledged", async () => {
    const unknown = window({ release: digest8("0".repeat(64) as Sha256) });

    expect(await send([unknown])).toEqual({ kind: "stored" });

    await world.clock.advance(1_000);
    expect(world.bus.acks).toHaveLength(1);
    expect(await summary()).toEqual([]);
    expect(world.refusals.snapshot()).toMatchObject([{ code: "WINDOW_RELEASE" }]);
  });

  test("F53: signed by another device's key is refused and not acknowledged", async () => {
    const other = await enrolled(world, "cam-0018");

    const forged = await world.ingestTelemetry.run(camera.id, other.telemetry([window()]));

    expect(forged).toMatchObject({ kind: "refused", code: "SIGNATURE" });
    await world.clock.advance(1_000);
    expect(world.bus.acks).toEqual([]);
  });

  test("that is signed and no batch is refused, and does not reach the store", async () => {
    const noise = encodeSignedBatch(camera.signer, Buffer.from([0xff, 0xff, 0xff]));

    expect(await world.ingestTelemetry.run(camera.id, noise)).toMatchObject({ code: "FORMAT" });
    expect(await summary()).toEqual([]);
  });
});

describe("presence", () => {
  const online = (message: object) =>
    world.trackPresence.run(
      camera.id,
      Buffer.from(JSON.stringify({ v: 1, reason: "", ...message })),
    );
  const isOnline = async () => (await world.showDevice.run(camera.id)).online;

  test("is what the device said last", async () => {
    await online({ boot: 4, online: true });
    expect(await isOnline()).toBe(true);

    await online({ boot: 4, online: false });
    expect(await isOnline()).toBe(false);
  });

  test("survives the late will of the connection before", async () => {
    await online({ boot: 5, online: true });

    await online({ boot: 4, online: false });

    expect(await isOnline()).toBe(true);
  });

  test("is gone for everybody when the broker starts anew", async () => {
    await online({ boot: 4, online: true });

    await world.trackPresence.allOffline();

    expect(await isOnline()).toBe(false);
  });

  test("that cannot be read changes nothing and is counted", async () => {
    await online({ boot: 4, online: true });

    await online({ boot: -1, online: false });

    expect(await isOnline()).toBe(true);
    expect(world.refusals.snapshot()).toMatchObject([{ stream: "online", code: "FORMAT" }]);
  });
});
