import { digest8, mainSlot, type ReferenceProfile, type Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { driftProfile } from "../support/drift/drift-windows.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

let world: DriftWorld;
let release: Sha256;
beforeEach(async () => {
  world = await driftWorld();
  release = await world.publish();
});
afterEach(() => world[Symbol.asyncDispose]());

const at = (cell: number) => driftStartMs + cell * cellMs;

/** So many devices of each hall. */
async function devicesOf(halls: readonly string[], each: number) {
  const devices: { readonly hall: string; readonly device: SimulatedDevice }[] = [];
  for (const hall of halls) {
    for (let i = 0; i < each; i++) {
      devices.push({ hall, device: await world.device(`${hall}-${i}`, { hall }) });
    }
  }
  return devices;
}

test("a shift in one hall fires for that hall and that feature within four cells, and not before", async () => {
  const devices = await devicesOf(["north", "south", "east", "west"], 3);
  const judge = async (cell: number, by: number) => {
    for (const { hall, device } of devices) {
      const shift = hall === "south" ? { shift: { feature: 2, by } } : {};
      await world.send(device, [
        world.window(release, { startMs: at(cell), items: 300, ...shift }),
      ]);
    }
    return world.judge(at(cell));
  };
  const alerts = () => world.stores.drift.alerts({ limit: 10, cursor: null });

  for (const cell of [0, 1, 2, 3]) expect(await judge(cell, 0)).toBe(1);
  expect((await alerts()).alerts).toEqual([]);

  for (const cell of [4, 5, 6]) await judge(cell, 0.7);

  const [first] = (await alerts()).alerts.filter(({ cohort }) => cohort === "hall=south");
  expect(first).toMatchObject({
    signal: "feature:noise",
    state: "FIRING",
    model: "vision.defects",
  });
});

test("a window that comes after those of its cell were forgotten is added to what they came to", async () => {
  const [one, two] = [await world.device("cam-1"), await world.device("cam-2")];
  await world.send(one, [world.window(release, { items: 400 })]);
  await world.judge(at(0));
  await world.stores.telemetry.forget(world.clock.nowMs() + 1, 100);

  await world.send(two, [world.window(release, { items: 300 })]);
  await world.judge(at(1));

  const cell = { releasePrefix: digest8(release), startMs: at(0) };
  const fleet = (await world.stores.drift.rollups(cell)).find(({ cohort }) => cohort === "fleet");
  expect(fleet?.merged.items).toBe(700);
});

/** Its answers are wrong in one of ten, as far as anybody knows. */
const labelled: ReferenceProfile = {
  ...driftProfile,
  outputs: [
    {
      ...{ name: "defect", source: { tensor: "y" }, kind: "classification" },
      ...{ classes: ["a", "b", "c"], counts: [400, 300, 300], errorShare: 0.1 },
      confidence: { edges: [0.5], counts: [500, 500] },
    },
  ],
};

test("labels that say that answers are wrong twice as often fire an alert of the accuracy, however late they are", async () => {
  const judgedRelease = await world.publish("2.0.0", labelled);
  const camera = await world.device("cam-1", { hall: "north" });
  const labels = (errors: number) =>
    world.label(camera, [
      {
        ...{ slot: mainSlot, release: digest8(judgedRelease), output: 0, drift: [] },
        // Of answers that were given days before.
        ...{ startMs: driftStartMs - 3 * 86_400_000, durationMs: cellMs, labelled: 300, errors },
      },
    ]);
  const accuracy = async () =>
    (await world.stores.drift.alerts({ limit: 10, cursor: null })).alerts.filter(
      ({ signal }) => signal === "accuracy:defect",
    );

  await labels(30);
  await world.judge(at(1));
  expect(await accuracy()).toEqual([]);

  await labels(66);
  await world.judge(at(4));
  const alerts = await accuracy();
  expect(alerts.find(({ cohort }) => cohort === "fleet")).toMatchObject({ state: "FIRING" });
  expect(alerts.find(({ cohort }) => cohort === "hall=north")).toMatchObject({
    ...{ state: "SUPPRESSED", suppression: "parent" },
  });
});

test("labels of an output that the profile does not have are refused and counted", async () => {
  const camera = await world.device("cam-1");

  await world.label(camera, [
    {
      ...{ slot: mainSlot, release: digest8(release), output: 0, drift: [] },
      ...{ startMs: driftStartMs, durationMs: cellMs, labelled: 3, errors: 1 },
    },
  ]);

  expect((await world.app.useCases.showRefusals.run()).refusals).toMatchObject([
    { code: "LABELS_OUTPUT", count: 1 },
  ]);
  expect(await world.judge(at(1))).toBe(0);
});
