import { feedbackLimits, mainSlot } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { labelRig, windowMs } from "../../../support/agent/label-rig.ts";
import { seededRandom } from "../../../support/random.ts";
import { readVectors } from "../../../support/statistics/vectors.ts";

/** A classifier that is wrong now and then; from `flippedAt` on half of the time. Labels come a day late. */
async function labelled(seed: number, options: { count: number; flippedAt: number }) {
  const rig = labelRig();
  const stop = new AbortController();
  const done = rig.desk.run(stop.signal);
  const random = seededRandom(seed);
  const classes: number[] = [];
  for (let i = 0; i < options.count; i++) {
    classes.push(random.below(3));
    rig.predict(`id-${i}`, [classes[i] ?? 0]);
    await rig.clock.advance(windowMs / 100);
  }
  await rig.clock.advance(86_400_000);
  const flags: { readonly at: number; readonly drift: readonly string[] }[] = [];
  for (let i = 0; i < options.count; i++) {
    const isWrong = random.next() < (i < options.flippedAt ? 0.05 : 0.5);
    const label = ((classes[i] ?? 0) + (isWrong ? 1 : 0)) % 3;
    const { drift } = rig.give({ id: `id-${i}`, label });
    if (drift.length > 0) flags.push({ at: i, drift });
  }
  await rig.clock.advance(1_000);
  const toldAtOnce = [...rig.told];
  rig.desk.flush();
  stop.abort();
  await done;
  return { ...rig, flags, toldAtOnce };
}

test("T23: labels that come a day late say within 450 of them that half of the answers are wrong now, and nothing before", async () => {
  const flippedAt = 2_000;
  for (const seed of [1, 2, 3, 4, 5]) {
    const { flags, told } = await labelled(seed, { count: 2_450, flippedAt });
    const delays = flags.map(({ at }) => at - flippedAt);

    expect(delays[0], `seed ${seed}`).toBeGreaterThan(0);
    expect(delays[0], `seed ${seed}`).toBeLessThanOrEqual(450);
    const flagged = told.filter(({ drift }) => drift.length > 0);
    expect(flagged.length, `seed ${seed}`).toBeGreaterThan(0);
    // Of the predictions' windows, a hundred predictions each, those after the change.
    const changedAtMs = (told[0]?.startMs ?? 0) + (flippedAt / 100) * windowMs;
    expect(Math.min(...flagged.map(({ startMs }) => startMs))).toBeGreaterThanOrEqual(changedAtMs);
    expect(told.reduce((sum, { labelled: n }) => sum + n, 0)).toBe(2_450);
  }
});

test("labels of a classifier that stays as it is raise no flag", async () => {
  for (const seed of [11, 12, 13]) {
    const { flags, told } = await labelled(seed, { count: 5_000, flippedAt: 5_000 });

    expect(flags, `seed ${seed}`).toEqual([]);
    expect(told.flatMap(({ drift }) => drift)).toEqual([]);
  }
});

test("T15: labels of a real classifier, given to a device in 20 orders, raise a flag within 100 of them once half are flipped, and none before", () => {
  const Errors = z.string().transform((digits) => Array.from(digits, Number));
  const { orders } = z
    .object({
      orders: z.array(z.object({ first: z.int(), clean: Errors, flipped: Errors })).min(20),
    })
    .parse(readVectors("classifier-errors.json"));
  const flagsOf = (errors: readonly number[]) => {
    const { predict, give } = labelRig();
    return errors.flatMap((error, i) => {
      predict(`id-${i}`, [0]);
      return give({ id: `id-${i}`, label: error }).drift.length > 0 ? [i] : [];
    });
  };

  for (const { first, clean, flipped } of orders) {
    const [flag = Number.NaN] = flagsOf(flipped);

    expect(flagsOf(clean)).toEqual([]);
    expect(flag).toBeGreaterThanOrEqual(first);
    expect(flag - first).toBeLessThanOrEqual(100);
  }
});

test("a flag is told at once, counts for what is captured under drift, and ends", async () => {
  const given = { count: 2_450, flippedAt: 2_000 };
  const { desk, staged, clock, events, toldAtOnce } = await labelled(1, given);
  const { toldAtOnce: nothing } = await labelled(1, { count: 200, flippedAt: 200 });

  expect(toldAtOnce.reduce((sum, one) => sum + one.labelled, 0)).toBe(2_450);
  expect(nothing).toEqual([]);
  expect(desk.isDrifting(mainSlot, staged.release)).toBe(true);
  expect(events).toContainEqual(
    expect.objectContaining({ event: "labels.drift", model: "bearing", output: "kind" }),
  );
  await clock.advance(feedbackLimits.driftHoldMs + 1);
  expect(desk.isDrifting(mainSlot, staged.release)).toBe(false);
});
