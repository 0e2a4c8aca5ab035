import { type Alert, driftLimits, ModelName, type Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

const halls = ["north", "east", "south", "west"] as const;
const at = (cell: number) => driftStartMs + cell * cellMs;
const cellsOfSilence = driftLimits.silentMsMax / cellMs;

let world: DriftWorld;
let release: Sha256;
let devices: readonly { readonly hall: string; readonly device: SimulatedDevice }[];
beforeEach(async () => {
  world = await driftWorld();
  release = await world.publish();
  devices = await Promise.all(
    halls.map(async (hall) => ({ hall, device: await world.device(`cam-${hall}`, { hall }) })),
  );
  // The south is shifted until it fires.
  for (const cell of [0, 1, 2]) await judge(cell, halls);
});
afterEach(() => world[Symbol.asyncDispose]());

async function judge(cell: number, sending: readonly string[]) {
  await world.clock.advance(Math.max(0, at(cell + 1) - world.clock.nowMs()));
  for (const { hall, device } of devices.filter((one) => sending.includes(one.hall))) {
    const shift = hall === "south" ? { shift: { feature: 2, by: 0.7 } } : {};
    await world.send(device, [
      world.window(release, { startMs: at(cell), items: 1_000, ...shift }),
    ]);
  }
  return world.judge(at(cell));
}

async function alerts(): Promise<readonly Alert[]> {
  return (await world.stores.drift.alerts({ limit: 100, cursor: null })).alerts;
}
const ofSouth = async () => (await alerts()).filter(({ cohort }) => cohort === "hall=south");
const isOver = ({ endedAtMs }: Alert) => endedAtMs !== null;

async function remembered(): Promise<readonly string[]> {
  const [prefix] = await world.stores.drift.releasePrefixes();
  if (prefix === undefined) throw new Error("expected a release with roll-ups");
  const known = await world.stores.drift.release(prefix);
  return (known?.memory.alerts ?? []).map(({ cohort }) => cohort);
}

async function shown(query: { readonly sinceMs?: number }) {
  const model = ModelName.parse("vision.defects");
  const answer = await world.app.useCases.showDrift.run(model, query, localPrincipal);
  return answer.releases.flatMap(({ cohorts }) => cohorts.map(({ cohort }) => cohort));
}

async function noticesOf(alert: Alert | undefined) {
  const detail = await world.app.useCases.showAlert.run(alert?.id ?? "", localPrincipal);
  return detail.changes.map(({ notice }) => notice);
}

test("the alert of a hall whose devices have gone ends a day later, is told, and is remembered no longer", async () => {
  const open = await ofSouth();
  expect(open.length).toBeGreaterThan(0);
  expect(open.some(isOver)).toBe(false);

  await judge(cellsOfSilence, ["north", "east"]);
  expect((await ofSouth()).some(isOver)).toBe(false);
  await judge(1 + cellsOfSilence, ["north", "east"]);

  expect((await ofSouth()).every(({ state }) => state === "INSUFFICIENT_DATA")).toBe(true);
  expect((await ofSouth()).every(isOver)).toBe(true);
  expect(await noticesOf((await ofSouth())[0])).toEqual(["fired", "lost"]);
  expect(await remembered()).not.toContain("hall=south");
  expect(await remembered()).toContain("hall=north");
  await judge(3 + cellsOfSilence, ["north"]);
  expect(await shown({})).not.toContain("hall=south");
  expect(await shown({ sinceMs: 0 })).toContain("hall=south");
});

test("alerts of a release that runs nowhere any more end a day after its last cell, once", async () => {
  expect((await alerts()).some(isOver)).toBe(false);

  await world.judge(at(2 + cellsOfSilence));
  expect((await alerts()).some(isOver)).toBe(false);
  await world.judge(at(4 + cellsOfSilence));
  await world.judge(at(5 + cellsOfSilence));

  expect((await alerts()).every(isOver)).toBe(true);
  expect(await remembered()).toEqual([]);
  expect(await noticesOf((await ofSouth())[0])).toEqual(["fired", "lost"]);
});
