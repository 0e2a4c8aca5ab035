import {
  digest8,
  mainSlot,
  type ReferenceProfile,
  type Sha256,
  sha256,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { learningProfile } from "../../controller/src/domain/profile/learning/learning-profile.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { jsonBytes } from "../support/controller/upload.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";
import { measuredWindow, normalItem } from "../support/profile/measured-window.ts";
import { seededRandom } from "../support/random.ts";

const { profile: learning } = learningProfile({
  inputs: [{ name: "x", dtype: "float32", shape: [-1, 4] }],
  outputs: [{ name: "y", dtype: "float32", shape: [-1, 3] }],
});
const random = seededRandom(10);

let world: DriftWorld;
let release: Sha256;
let canary: SimulatedDevice;
let other: SimulatedDevice;
let cell = 0;
/** In the place of `learningLimits.cellsReadMax`. */
let rollupsReadMax: number;
beforeEach(async () => {
  world = await driftWorld({
    over: ({ drift }) => ({
      drift: {
        ...drift,
        rollupsOf: (query) =>
          drift.rollupsOf({ ...query, count: Math.min(query.count, rollupsReadMax) }),
      },
    }),
  });
  rollupsReadMax = Number.POSITIVE_INFINITY;
  release = await world.publish("1.0.0", learning);
  canary = await world.device("canary", { site: "canary" });
  other = await world.device("other", { site: "cellar" });
  cell = 0;
});
afterEach(async () => {
  expect(world.defects).toEqual([]);
  await world[Symbol.asyncDispose]();
});

/** Both devices have answers in a cell, which is added up with the labels that came in it. */
async function measure(): Promise<void> {
  const startMs = driftStartMs + cell * cellMs;
  for (const device of [canary, other]) {
    const items = Array.from({ length: 300 }, () => normalItem(random));
    const profile = { reference: learning, digest: sha256(jsonBytes(learning)) };
    const window = { release, profile, startMs, windowMs: cellMs, items, random };
    await world.send(device, [measuredWindow(window)]);
  }
  await world.judge(startMs);
  cell += 1;
}

const label = (device: SimulatedDevice, labelled: number, errors: number) =>
  world.label(device, [
    {
      ...{ slot: mainSlot, release: digest8(release), output: 0, drift: [] },
      ...{ startMs: driftStartMs, durationMs: cellMs, labelled, errors },
    },
  ]);

async function learnt(cohort = "site=canary"): Promise<ReferenceProfile> {
  const { profile } = await world.app.useCases.learnProfile.run(
    { model: "vision.defects" as never, version: "1.0.0" as never },
    { cohort, windows: 2, items: 600 },
    localPrincipal,
  );
  return profile;
}
const errorShare = async () => (await learnt()).outputs[0]?.errorShare;

test("labels of the cohort teach how often the model is wrong from a hundred on, also those that came after its windows", async () => {
  await measure();
  await measure();
  await label(canary, 99, 25);
  await label(other, 1_000, 900);
  for (let more = 0; more < 4; more++) await measure();
  expect(await errorShare()).toBeUndefined();

  await label(canary, 1, 0);
  for (let more = 0; more < 4; more++) await measure();

  expect(await errorShare()).toBe(0.25);
});

test("before the first window nobody is told to wait for a cohort that no device belongs to", async () => {
  const refused = learnt("site=canry");
  await expect(refused).rejects.toMatchObject({ code: "COHORT_UNKNOWN" });
  await expect(refused).rejects.toThrow("site=canary, site=cellar), got site=canry");
  for (const cohort of ["site=canary", "fleet"]) {
    await expect(learnt(cohort)).rejects.toMatchObject({ code: "LEARNING_WINDOWS" });
  }
});

test("the first windows are the first ones also when there are more than one answer looks at", async () => {
  rollupsReadMax = 3;
  for (let more = 0; more < 5; more++) await measure();

  expect((await learnt()).learned).toMatchObject({ windows: 2, fromMs: driftStartMs });
});
