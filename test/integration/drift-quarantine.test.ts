import { digest8, type QuarantineAnswer, type Sha256, sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

let world: DriftWorld;
let release: Sha256;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await driftWorld();
  release = await world.publish();
  camera = await world.device("cam-1", { hall: "north" });
});
afterEach(() => world[Symbol.asyncDispose]());

const quarantine = (): Promise<QuarantineAnswer> => world.app.useCases.showQuarantine.run();
const kept = async (of: Sha256) =>
  world.stores.telemetry.windows({ releasePrefix: digest8(of) }, 10, null);

test("T28: windows before and after an update in one cell are judged apart, each under its own release", async () => {
  const next = await world.publish("1.1.0");
  const [before, after] = [300, 700];

  await world.send(camera, [
    world.window(release, { items: before, durationMs: cellMs / 3 }),
    world.window(next, {
      items: after,
      startMs: driftStartMs + cellMs / 3,
      durationMs: cellMs / 2,
    }),
  ]);
  expect(await world.judge(driftStartMs)).toBe(2);

  const itemsOf = async (of: Sha256) => {
    const cell = { releasePrefix: digest8(of), startMs: driftStartMs };
    const rollups = await world.stores.drift.rollups(cell);
    return new Set(rollups.map(({ merged }) => merged.items));
  };
  expect(await itemsOf(release)).toEqual(new Set([before]));
  expect(await itemsOf(next)).toEqual(new Set([after]));
});

test("T28: a window of an unknown profile is acknowledged, kept apart, counted, and held against nothing", async () => {
  const foreign = sha256(new Uint8Array(1));

  await world.send(camera, [world.window(release, { profile: foreign }), world.window(release)]);

  expect(await kept(release)).toHaveLength(1);
  expect(await quarantine()).toMatchObject({
    quarantined: [
      {
        ...{ reason: "PROFILE", release: digest8(release), profile: digest8(foreign) },
        ...{ windows: 1, devices: 1, lastAtMs: world.clock.nowMs() },
      },
    ],
  });
  expect((await world.app.useCases.showRefusals.run()).refusals).toMatchObject([
    { stream: "tele", code: "WINDOW_PROFILE", count: 1, lastDevice: camera.id },
  ]);
});

test("T28: a window of a release nobody has published is kept apart, once however often it comes", async () => {
  const unknown = sha256(new Uint8Array(2));
  const frame = camera.telemetry([world.window(unknown)], { boot: 1, seq: 0 });

  await world.deliver(camera, frame);
  await world.deliver(camera, frame);

  expect(await kept(unknown)).toEqual([]);
  const { quarantined } = await quarantine();
  expect(quarantined).toMatchObject([{ reason: "RELEASE", release: digest8(unknown), windows: 1 }]);
});

test("a window in quarantine is forgotten with the batch it came in", async () => {
  await world.send(camera, [world.window(sha256(new Uint8Array(2)))]);

  await world.stores.telemetry.forget(world.clock.nowMs() + 1, 10);

  expect(await quarantine()).toEqual({ quarantined: [] });
});
