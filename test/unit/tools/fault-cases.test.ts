import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caseTests, faultCases, provenCases, readCases } from "../../../tools/fault-cases.ts";

const root = join(import.meta.dirname, "../../..");

describe("the names of tests", () => {
  test.each([
    ['test("F4: twice the same", () => {})', [4]],
    ["  test('F19, F20: late', async () => {", [19, 20]],
    ["test.each([[1], [2]])(`F7: threshold $threshold`, () => {", [7]],
    ['test.skipIf(!has("x"))(\n  "F56: a real broker", () => {', [56]],
    ['describe("F59: the chain", () => {', [59]],
  ])("%s shows its cases", (text, cases) => {
    expect(readCases("a.test.ts", text).map((found) => found.cases)).toEqual([cases]);
  });

  test.each([
    'test("about F4: twice", () => {})',
    'test("F4 twice", () => {})',
    'const name = "F4: twice";',
  ])("%s shows none", (text) => {
    expect(readCases("a.test.ts", text)).toEqual([]);
  });
});

test("every case that must be shown has a test of its name", () => {
  const shown = new Set(caseTests(root).flatMap(({ cases }) => cases));

  expect(provenCases.filter((number) => !shown.has(number))).toEqual([]);
});

test("every test that names a case names one of the catalogue", () => {
  const known = new Set(faultCases.map(({ number }) => number));
  const unknown = caseTests(root).filter(({ cases }) => !cases.every((one) => known.has(one)));

  expect(unknown).toEqual([]);
});
