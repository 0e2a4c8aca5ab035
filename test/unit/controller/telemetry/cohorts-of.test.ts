import { Labels } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  fleetCohort,
  isCohortKey,
  labelsOfCohort,
} from "../../../../controller/src/domain/drift/cohort-key.ts";
import { cohortsOf } from "../../../../controller/src/domain/telemetry/cohorts-of.ts";

const hostile = {
  ...{ class: "cam-v2", fleet: "fleet", "label.class": "cam-v2", label: "class" },
  ...{ "class.": "cam-v2", "class-": "x", site: "hall-3" },
};

test("no label makes the cohort of the fleet, of a class, or of another label", () => {
  const labels = Labels.parse(hostile);
  const cohorts = cohortsOf("cam-v2", labels);

  expect(new Set(cohorts).size).toBe(2 + Object.keys(hostile).length);
  expect(cohorts.every(isCohortKey)).toBe(true);
  expect(cohorts.slice(0, 2)).toEqual([fleetCohort, "class=cam-v2"]);
  expect(cohorts).toContain("label:class=cam-v2");
});

test("a label's key cannot be written as a label named class is told from a class", () => {
  for (const key of ["label:class", "class=cam-v2", "fleet=", ""]) {
    expect(Labels.safeParse({ [key]: "cam-v2" }).success, key).toBe(false);
  }
});

test("what a cohort's devices carry is the very label it was made from, and rights go by that", () => {
  const labels = Labels.parse(hostile);
  const [fleet, ofClass, ...byLabel] = cohortsOf("cam-v2", labels).map(labelsOfCohort);

  expect([fleet, ofClass]).toEqual([{}, {}]);
  expect(Object.assign({}, ...byLabel)).toEqual(labels);
});
