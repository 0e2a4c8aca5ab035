import {
  addDistinct,
  createDistinct,
  distinctEstimate,
  distinctLimits,
  mergeDistinct,
  packDistinct,
  unpackDistinct,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../../../support/random.ts";

const seed = 64;

function of(count: number, name: string) {
  const registers = createDistinct();
  for (let i = 0; i < count; i++) addDistinct(registers, `${name} ${i}`);
  return registers;
}

test.each([
  1, 5, 20, 64, 200, 1_000, 20_000,
])("of %i different texts about as many are told", (count) => {
  const estimates = Array.from({ length: 60 }, (_, run) => distinctEstimate(of(count, `${run}`)));
  const errors = estimates.map((estimate) => estimate / count - 1);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const worst = Math.max(...errors.map(Math.abs));

  // 1.04 / √64 = 0.13 is the standard error: a mean of 60 within 3 of its own, a single one within 4.
  expect(Math.abs(mean)).toBeLessThan((3 * 0.13) / Math.sqrt(60) + 0.02);
  expect(worst).toBeLessThan(4 * 0.13);
});

test("the same texts again, in any order and grouping, change nothing", () => {
  const whole = of(300, "x");
  const merged = createDistinct();
  for (const part of [of(300, "x"), of(150, "x"), of(1, "x")]) mergeDistinct(merged, part);

  expect(merged).toEqual(whole);
});

test(`what is packed is unpacked (seed ${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const registers = createDistinct().map(() => random.below(distinctLimits.rankMax + 1));
    expect(unpackDistinct(packDistinct(registers))).toEqual(registers);
  }
  expect(packDistinct(createDistinct())).toHaveLength(0);
  expect(packDistinct(of(1, "x"))).toHaveLength(48);
});

test("bytes that are no registers are not taken for some", () => {
  expect(unpackDistinct(new Uint8Array(47))).toBeUndefined();
  expect(unpackDistinct(new Uint8Array(48).fill(0xff))).toBeUndefined();
  expect(distinctEstimate(unpackDistinct(new Uint8Array(0)) ?? new Uint8Array(1))).toBe(0);
});
