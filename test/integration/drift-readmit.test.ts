import {
  controllerLimits,
  type Digest8,
  digest8,
  encodeWindow,
  type Sha256,
  sha256,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

/** When the release is published: four cells of its windows have come and are over. */
const publishedMs = driftStartMs + 8 * cellMs;

let world: DriftWorld;
let camera: SimulatedDevice;
/** Of the release as it will be: another controller with the same keys makes the same one at the same time. */
let release: Sha256;
beforeEach(async () => {
  const elsewhere = await driftWorld({ nowMs: publishedMs });
  release = await elsewhere.publish("2.0.0");
  await elsewhere[Symbol.asyncDispose]();
  world = await driftWorld();
  camera = await world.device("cam-1", { hall: "north" });
});
afterEach(() => world[Symbol.asyncDispose]());

const quarantine = async () => (await world.app.useCases.showQuarantine.run()).quarantined;
const kept = () =>
  world.stores.telemetry.windows({ releasePrefix: digest8(release) }, 10_000, null);
const itemsAt = async (startMs: number) => {
  const rollups = await world.stores.drift.rollups({ releasePrefix: digest8(release), startMs });
  return rollups.find(({ cohort }) => cohort === "fleet")?.merged.items;
};
async function publish(): Promise<void> {
  await world.clock.advance(publishedMs - world.clock.nowMs());
  expect(await world.publish("2.0.0")).toBe(release);
  await world.app.readmissions.run();
}

/** Four cells, far from the reference: any of them would fire if it had come as it should. */
async function sendDrifted(): Promise<void> {
  for (let cell = 0; cell < 4; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    const shift = { feature: 0, by: 2 };
    await world.send(camera, [world.window(release, { startMs, items: 500, shift })]);
    await world.judge(startMs);
  }
}

test("windows of a release that is published later are taken back, each once, into the cells they belong to", async () => {
  await sendDrifted();
  expect(await quarantine()).toMatchObject([{ reason: "RELEASE", windows: 4, isPublished: false }]);
  expect(await kept()).toEqual([]);

  await publish();
  await Promise.all([world.app.readmissions.run(), world.app.readmissions.run()]);

  expect(await quarantine()).toEqual([]);
  expect(await kept()).toHaveLength(4);
  expect(await world.app.driftEngine.tick()).toBe(4);
  for (let cell = 0; cell < 4; cell++) {
    expect(await itemsAt(driftStartMs + cell * cellMs)).toBe(500);
  }
});

test("what is taken back is judged and pages nobody, and what comes after it does", async () => {
  await sendDrifted();
  await publish();
  await world.app.driftEngine.tick();

  const { releases } = await world.app.useCases.showDrift.run(
    "vision.defects" as never,
    { sinceMs: 0 },
    localPrincipal,
  );
  const verdicts = releases.find(({ version }) => version === "2.0.0")?.cohorts[0]?.verdicts;
  expect(verdicts?.find(({ signal }) => signal === "feature:brightness")?.status).toBe("BREACH");
  expect((await world.app.useCases.listAlerts.run({}, localPrincipal)).alerts).toEqual([]);

  for (let cell = 8; cell < 12; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    await world.send(camera, [
      world.window(release, { startMs, items: 500, shift: { feature: 0, by: 2 } }),
    ]);
    await world.judge(startMs);
  }
  const { alerts } = await world.app.useCases.listAlerts.run({}, localPrincipal);
  expect(alerts.some(({ state }) => state === "FIRING")).toBe(true);
});

test("one of another profile stays apart for that reason, one that contradicts itself is counted and gone", async () => {
  const foreign = sha256(new Uint8Array(1));
  const good = world.window(release);
  const wrong: TelemetryWindow = { ...good, items: good.items + 1 };
  await world.send(camera, [good, world.window(release, { profile: foreign }), wrong]);

  await publish();

  expect(await quarantine()).toMatchObject([
    { reason: "PROFILE", profile: digest8(foreign), windows: 1, isPublished: true },
  ]);
  expect(await kept()).toHaveLength(1);
  const [entry] = world.log.named("telemetry.readmitted");
  expect(entry).toMatchObject({ version: "2.0.0", readmitted: 1, apart: 1, refused: 1 });
  const entries = await world.stores.audit.pageOf(`release:${release}`, 0, 10);
  expect(entries.map(({ action }) => action)).toContain("telemetry.readmitted");
});

test("more than a page is read a page at a time, beside windows that its batch stored", async () => {
  const known = await world.publish("1.0.0");
  const parts = Array.from({ length: 1_203 }, (_, i) =>
    world.window(release, { startMs: driftStartMs + i, items: 1 }),
  );
  const stored = world.window(known, { items: 1 });
  await world.stores.telemetry.add({
    ...{
      device: camera.id,
      era: 0,
      boot: 1,
      seq: 0,
      dropped: 0,
      receivedAtMs: driftStartMs + 2 * cellMs,
    },
    windows: [
      {
        ...{ slot: "main", releasePrefix: digest8(known), startMs: driftStartMs, durationMs: 1 },
        bytes: encodeWindow(stored),
      },
    ],
    quarantined: parts.map((window) => ({
      ...{ reason: "RELEASE" as const, releasePrefix: digest8(release) },
      ...{ profilePrefix: window.profile, bytes: encodeWindow(window) },
    })),
  });

  await publish();

  expect(await kept()).toHaveLength(1_203);
  await world.app.driftEngine.tick();
  expect(await itemsAt(driftStartMs)).toBe(1_203);
});

test("is not kept waiting by windows of ever so many releases that nobody publishes", async () => {
  const one = world.window(release, { items: 1 });
  const prefixes = Array.from({ length: controllerLimits.readmitReleasesMax }, (_, i) =>
    String(i).padStart(digest8(release).length, "0"),
  );
  await world.stores.telemetry.add({
    ...{ device: camera.id, era: 0, boot: 1, seq: 0, dropped: 0, receivedAtMs: publishedMs },
    windows: [],
    quarantined: [...prefixes, digest8(release)].map((prefix) => ({
      ...{ reason: "RELEASE" as const, releasePrefix: prefix as Digest8, profilePrefix: null },
      bytes: encodeWindow(one),
    })),
  });

  await publish();

  expect(await kept()).toHaveLength(1);
});

test("the same parts, handed over twice, are taken once", async () => {
  await world.send(camera, [world.window(release)]);
  const [part] = await world.stores.telemetry.quarantined(digest8(release), 10);
  if (part === undefined) throw new Error("expected a window in quarantine");
  const { startMs, durationMs } = world.window(release);
  const window = { slot: "main", releasePrefix: digest8(release), startMs, durationMs };
  const cell = { startMs, lengthMs: cellMs, isOnTime: false };
  const { place, bytes } = part;
  const taken = { kind: "readmitted", place, window: { ...window, bytes, cell } } as const;

  expect(await world.stores.telemetry.readmit([taken, taken])).toEqual(["readmitted"]);
  expect(await world.stores.telemetry.readmit([taken])).toEqual([]);
  expect(await kept()).toHaveLength(1);
});

test("one that was on its way while its release was published is found a little later", async () => {
  await publish();
  await world.stores.telemetry.add({
    ...{ device: camera.id, era: 0, boot: 1, seq: 0, dropped: 0, receivedAtMs: publishedMs },
    windows: [],
    quarantined: [
      {
        ...{ reason: "RELEASE" as const, releasePrefix: digest8(release), profilePrefix: null },
        bytes: encodeWindow(world.window(release)),
      },
    ],
  });
  world.app.readmissions.start();

  await world.clock.advance(controllerLimits.readmitEveryMs);

  expect(await kept()).toHaveLength(1);
  expect(await quarantine()).toEqual([]);
});
