import type { DriftPolicy } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { isHidden } from "../../../../controller/src/app/drift/is-hidden.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";

const baseline = "profile.json" as DriftPolicy["baseline"];
const strict = { drift: { baseline, privacy: "strict" } } as const;
const cohort = (devices: number, items: number) => ({
  devices,
  merged: { ...mergeWindows([]), items },
});

test("T30: under strict privacy a cohort is shown from five devices and a hundred items on, and not of one fewer", () => {
  expect(isHidden(strict, cohort(5, 100))).toBe(false);
  expect(isHidden(strict, cohort(4, 100))).toBe(true);
  expect(isHidden(strict, cohort(5, 99))).toBe(true);
});

test("without strict privacy every cohort is shown", () => {
  expect(isHidden({ drift: { baseline } }, cohort(1, 1))).toBe(false);
  expect(isHidden({ drift: { baseline, privacy: "sketches" } }, cohort(1, 1))).toBe(false);
  expect(isHidden({}, cohort(1, 1))).toBe(false);
});
