import { ModelName, ReleaseVersion, RolloutPlan } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { RolloutError } from "../../../../../../controller/src/domain/errors.ts";
import { matchesSelector } from "../../../../../../controller/src/domain/rollout/selection/matches-selector.ts";
import { parseSelector } from "../../../../../../controller/src/domain/rollout/selection/parse-selector.ts";
import {
  type FilteredRollout,
  rolloutFields,
  rolloutSubject,
} from "../../../../../../controller/src/domain/rollout/selection/rollout-fields.ts";

const rollout: FilteredRollout = {
  state: "running",
  paused: null,
  model: ModelName.parse("vision.defects"),
  modelVersion: ReleaseVersion.parse("2.1.0"),
  plan: RolloutPlan.parse({ name: "careful", priority: 60 }),
  createdBy: "key:ops",
};

function isListed(filter: string): boolean {
  return matchesSelector(parseSelector(filter, rolloutFields), rolloutSubject(rollout));
}

test.each([
  "",
  "state==running",
  "state=in=(running,paused);model==vision.*",
  "version>=2.1.0;version<3.0.0",
  "priority>50",
  "priority==60",
  "createdBy==key:ops",
  "paused!=*",
  "slot==main;name==careful",
])("%j lists it", (filter) => {
  expect(isListed(filter)).toBe(true);
});

test.each([
  "state==paused",
  "priority>60",
  "version<2.1.0",
  "createdBy!=key:*",
  "paused==halt",
])("%j does not", (filter) => {
  expect(isListed(filter)).toBe(false);
});

test.each([
  "site==plant-a",
  "constructor==*",
  "online==true",
  "priority==high",
])("%j is refused: no rollout has that", (filter) => {
  expect(() => isListed(filter)).toThrow(RolloutError);
});
