import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faultCases, provenCases } from "../../../tools/fault-cases.ts";
import { namedTests, readNamedTests } from "../../../tools/named-tests.ts";
import { rolloutScenarios, rolloutShowings } from "../../../tools/rollout-scenarios.ts";
import { scenarios, showings } from "../../../tools/scenarios.ts";
import { telemetryScenarios } from "../../../tools/telemetry-scenarios.ts";

const root = join(import.meta.dirname, "../../..");

describe("the names of tests", () => {
  test.each([
    ['test("F4: twice the same", () => {})', [4]],
    ["  test('F19, F20: late', async () => {", [19, 20]],
    ["test.each([[1], [2]])(`F7: threshold $threshold`, () => {", [7]],
    ['test.skipIf(!has("x"))(\n  "F56: a real broker", () => {', [56]],
    ['describe("F59: the chain", () => {', [59]],
    ['test("S1, F50: a swap", () => {', [50]],
  ])("%s shows its cases", (text, cases) => {
    expect(readNamedTests("a.test.ts", text).map((found) => found.cases)).toEqual([cases]);
  });

  test.each([
    'test("about F4: twice", () => {})',
    'test("F4 twice", () => {})',
    'const name = "F4: twice";',
  ])("%s shows none", (text) => {
    expect(readNamedTests("a.test.ts", text)).toEqual([]);
  });
});

test("every case that must be shown has a test of its name", () => {
  const shown = new Set(namedTests(root).flatMap(({ cases }) => cases));

  expect(provenCases.filter((number) => !shown.has(number))).toEqual([]);
});

test("every test that names a case names one of the catalogue", () => {
  const known = new Set(faultCases.map(({ number }) => number));
  const unknown = namedTests(root).filter(({ cases }) => !cases.every((one) => known.has(one)));

  expect(unknown).toEqual([]);
});

test("every scenario has a test of its name or a part of the bench", () => {
  const open = showings(root).filter(({ shownBy }) => shownBy.length === 0);

  expect(open.map(({ scenario }) => scenario.number)).toEqual([]);
});

test("every test that names a scenario names one of the catalogue", () => {
  const known = new Set(scenarios.map(({ number }) => number));
  const unknown = namedTests(root).filter((one) => !one.scenarios.every((n) => known.has(n)));

  expect(unknown).toEqual([]);
});

test("every scenario of rollouts without a gate on metrics has a test of its name, or a soak that says so", () => {
  const open = rolloutShowings(root).filter(({ shownBy }) => shownBy.length === 0);

  expect(open.map(({ scenario }) => scenario).filter((one) => !one.needsMetricGate)).toEqual([]);
});

test("every test that names a scenario of rollouts names one of the catalogue", () => {
  const known = new Set(rolloutScenarios.map(({ number }) => number));
  const unknown = namedTests(root).filter((one) => !one.rollouts.every((n) => known.has(n)));

  expect(unknown).toEqual([]);
});

test("every test that names a scenario of telemetry names one of the catalogue", () => {
  const known = new Set(telemetryScenarios.map(({ number }) => number));
  const unknown = namedTests(root).filter((one) => !one.telemetry.every((n) => known.has(n)));

  expect(unknown).toEqual([]);
});
