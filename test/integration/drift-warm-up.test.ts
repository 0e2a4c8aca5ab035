import { digest8, type Sha256, type TelemetryWindow } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freshExecution } from "../../controller/src/domain/rollout/machine/fresh-execution.ts";
import { newExecution, rolloutRecord } from "../support/controller/rollout-tables.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

let world: DriftWorld;
let release: Sha256;
let devices: readonly SimulatedDevice[];
beforeEach(async () => {
  world = await driftWorld();
  release = await world.publish();
  const named = Array.from({ length: 11 }, (_, i) =>
    world.device(`cam-${String(i).padStart(2, "0")}`, { hall: "south" }),
  );
  devices = await Promise.all(named);
});
afterEach(async () => {
  expect(world.defects).toEqual([]);
  await world[Symbol.asyncDispose]();
});

interface RolledOut {
  readonly count?: number;
  /** After the first cell began. */
  readonly atMs?: number;
  readonly state?: "activated" | "succeeded" | "downloading";
}

/** A rollout has brought devices the release: all of them, unless said otherwise, with the beginning of the first cell. */
async function rolledOut({
  count = devices.length,
  atMs = 1,
  state = "succeeded",
}: RolledOut): Promise<void> {
  const { rollouts } = world.stores;
  const startedAtMs = driftStartMs;
  await rollouts.add(rolloutRecord(release, { state: "running", startedAtMs }), []);
  const changedAtMs = driftStartMs + atMs;
  const slice = devices.slice(0, count).map((device, position) =>
    newExecution(device.id, position, {
      execution: { ...freshExecution(driftStartMs), state, changedAtMs },
    }),
  );
  expect(await rollouts.addExecutions("r1", 0, slice)).toBe(true);
}

/** How a cell is unlike the reference: a quarter of its requests fail, or have no brightness. */
type Change = "shift" | "fail" | "miss";

async function measure(cells: readonly number[], change: Change = "shift"): Promise<void> {
  for (const cell of cells) {
    const startMs = driftStartMs + cell * cellMs;
    for (const device of devices) {
      await world.send(device, [windowOf(startMs, change)]);
    }
    await world.judge(startMs);
  }
}

function windowOf(startMs: number, change: Change): TelemetryWindow {
  if (change === "shift") {
    return world.window(release, { startMs, items: 200, shift: { feature: 0, by: 1 } });
  }
  const window = world.window(release, { startMs, items: 150 });
  const latency = { ...window.latency, counts: [200] };
  if (change === "fail") {
    return { ...window, requests: 200, latency, errors: [{ code: "TIMEOUT", count: 50 }] };
  }
  const whole = world.window(release, { startMs, items: 200 });
  const features = whole.features.map((sketch, i) =>
    i === 0 ? { ...(window.features[0] ?? sketch), missing: 50 } : sketch,
  );
  return { ...whole, features };
}

async function standing(signal: string) {
  const { alerts } = await world.stores.drift.alerts({ limit: 100, cursor: null });
  return alerts
    .filter((alert) => alert.cohort === "fleet" && alert.signal === signal)
    .map(({ state, suppression }) => [state, suppression]);
}
const fired = async () =>
  (await world.stores.audit.page(0, 1_000)).events.filter(({ action }) => action === "alert.fired")
    .length;

test("drift that comes with a rollout is kept while the release is new to its devices, and told when it still stands", async () => {
  await rolledOut({});

  await measure([0, 1, 2, 3, 4]);
  expect(await standing("feature:brightness")).toEqual([["SUPPRESSED", "rollout"]]);
  expect(await fired()).toBe(0);
  const [rollup] = await world.stores.drift.newest(digest8(release), driftStartMs);
  // What a rollout's own gates would look at.
  expect(rollup?.verdicts.find((verdict) => verdict.signal === "feature:brightness")).toMatchObject(
    {
      status: "BREACH",
    },
  );
  const { alerts } = await world.stores.drift.alerts({ limit: 1, cursor: null });
  const [change] = await world.stores.drift.changes(alerts[0]?.id ?? "", 10);
  expect(change).toMatchObject({
    suppressedBy: { kind: "rollout", rollout: "r1", devices: 11, ofDevices: 11 },
  });

  await measure([5]);
  expect(await standing("feature:brightness")).toEqual([["FIRING", null]]);
  expect(await fired()).toBeGreaterThan(0);
});

test.each([
  { where: "two of eleven devices are new", count: 2, is: "SUPPRESSED" },
  { where: "they are on trial", state: "activated", is: "SUPPRESSED" },
  { where: "one of eleven is new", count: 1, is: "FIRING" },
  { where: "the release came too long ago", atMs: -2 * cellMs, is: "FIRING" },
  { where: "it is still on its way", state: "downloading", is: "FIRING" },
] as const)("where $where the alert is $is", async ({ is, ...rollout }) => {
  await rolledOut(rollout);

  await measure([0, 1, 2]);

  expect(await standing("feature:brightness")).toEqual([
    [is, is === "SUPPRESSED" ? "rollout" : null],
  ]);
});

test("a release that no rollout brought warms nothing up: its alert fires with the third cell", async () => {
  await measure([0, 1, 2]);

  expect(await standing("feature:brightness")).toEqual([["FIRING", null]]);
});

test.each([
  ["errors", "fail", "errors"],
  ["values that cannot be believed", "miss", "quality:brightness"],
] as const)("%s are told while the release is new", async (_, change, signal) => {
  await rolledOut({});

  await measure([0, 1, 2], change);

  expect(await standing(signal)).toEqual([["FIRING", null]]);
});
