import type { Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
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
