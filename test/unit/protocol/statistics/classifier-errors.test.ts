import { Adwin, Ddm, HddmA, PageHinkley } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { firingIndices } from "../../../support/statistics/firing.ts";
import { readVectors } from "../../../support/statistics/vectors.ts";

/** 569 diagnoses in 20 orders, judged by a classifier that is wrong in 12 of 100. */
const Errors = z.string().transform((digits) => Array.from(digits, Number));
const { orders } = z
  .object({ orders: z.array(z.object({ first: z.int(), clean: Errors, flipped: Errors })).min(1) })
  .parse(readVectors("classifier-errors.json"));
const [stream = { first: 0, clean: [], flipped: [] }] = orders;

test.each([
  ["ADWIN", Adwin],
  ["DDM", Ddm],
  ["HDDM_A", HddmA],
  ["Page–Hinkley", PageHinkley],
])("T15: %s is silent on a real classifier's errors", (_, Made) => {
  expect(stream.clean).toHaveLength(569);
  expect(firingIndices(new Made(), stream.clean)).toEqual([]);
});

test("T15: DDM fires within 100 samples once half of the labels are flipped", () => {
  const [index = Number.NaN] = firingIndices(new Ddm(), stream.flipped);

  expect(index).toBeGreaterThanOrEqual(stream.first);
  expect(index - stream.first).toBeLessThanOrEqual(100);
});

test("HDDM_A, which devices run, is silent on all 20 orders and finds each flip within 100 samples", () => {
  for (const { first, clean, flipped } of orders) {
    const [index = Number.NaN] = firingIndices(new HddmA(), flipped);

    expect(firingIndices(new HddmA(), clean)).toEqual([]);
    expect(index).toBeGreaterThanOrEqual(first);
    expect(index - first).toBeLessThanOrEqual(100);
  }
});

test("DDM is not fit for paging: it fires on some of the 20 orders without any change", () => {
  const misfired = orders.filter(({ clean }) => firingIndices(new Ddm(), clean).length > 0);

  expect(misfired.length).toBeGreaterThan(0);
  expect(misfired.length).toBeLessThan(orders.length / 2);
});
