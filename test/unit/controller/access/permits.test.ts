import { type Grant, ModelName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { type Action, actionsOf } from "../../../../controller/src/domain/access/actions.ts";
import { mayGive, permits } from "../../../../controller/src/domain/access/permits.ts";
import type { Principal } from "../../../../controller/src/domain/access/principal.ts";

const defects = ModelName.parse("vision.defects");

function caller(...grants: readonly (Pick<Grant, "role"> & Partial<Grant>)[]): Principal {
  const whole = grants.map((grant) => ({ models: ["*"], labels: {}, ...grant }));
  return { kind: "api-key", id: "key:1", grants: whole };
}

test("without a grant nobody may anything", () => {
  const actions = Object.values(actionsOf).flat();

  expect(actions.filter((action) => permits(caller(), { action }))).toEqual([]);
});

test.each([
  ["*", true],
  ["vision.defects", true],
  ["vision.*", true],
  ["vision", false],
  ["vision.defects.*", false],
  ["vision.defect", false],
  ["vis.*", false],
])("a grant over %s covers vision.defects: %s", (pattern, isCovered) => {
  const who = caller({ role: "deployer", models: [pattern] });

  expect(permits(who, { action: "deployment.create", model: defects, labels: {} })).toBe(isCovered);
});

test.each([
  [{}, true],
  [{ site: "a" }, true],
  [{ site: "a", line: "3" }, true],
  [{ site: "b" }, false],
  [{ line: "4" }, false],
  [{ rack: "1" }, false],
])("a grant over devices labelled %j covers one of site a, line 3: %s", (labels, isCovered) => {
  const who = caller({ role: "deployer", labels });
  const device = { site: "a", line: "3" };

  expect(permits(who, { action: "device.change", labels: device })).toBe(isCovered);
});

test.each([
  ["role and model", { role: "viewer" as const }, { role: "deployer" as const, models: ["audio"] }],
  [
    "role and labels",
    { role: "viewer" as const },
    { role: "deployer" as const, labels: { site: "b" } },
  ],
  [
    "model and labels",
    { role: "deployer" as const, models: ["audio"] },
    { role: "deployer" as const, labels: { site: "b" } },
  ],
])("what one grant has of %s and another of the rest is no right", (_, one, other) => {
  const wish = { action: "deployment.create", model: defects, labels: { site: "a" } } as const;

  expect(permits(caller(one, other), wish)).toBe(false);
  expect(permits(caller(one, other, { role: "deployer" }), wish)).toBe(true);
});

test.each([
  { role: "admin" as const, models: ["vision.*"] },
  { role: "admin" as const, labels: { site: "a" } },
])("what concerns the whole fleet is not for %j", (grant) => {
  for (const action of ["audit.read", "root.change"] as const) {
    expect(permits(caller(grant), { action })).toBe(false);
    expect(permits(caller({ role: "admin" }), { action })).toBe(true);
  }
});

test("every role reads, and only an admin may all", () => {
  const all = new Set<Action>(Object.values(actionsOf).flat());

  for (const actions of Object.values(actionsOf)) {
    expect(actions).toEqual(expect.arrayContaining([...actionsOf.viewer]));
  }
  expect(new Set(actionsOf.admin)).toEqual(all);
  for (const role of ["viewer", "uploader", "releaser", "deployer"] as const) {
    expect(actionsOf[role].length).toBeLessThan(all.size);
  }
});

test("who brings files signs none, who signs deploys none, and who deploys brings none", () => {
  expect(actionsOf.uploader).not.toContain("release.sign");
  expect(actionsOf.releaser).not.toContain("deployment.create");
  expect(actionsOf.deployer).not.toContain("release.upload");
});

test("grants may be given out of one admin grant each", () => {
  const who = caller(
    { role: "admin", models: ["vision.*"], labels: { site: "a" } },
    { role: "deployer" },
  );
  const give = (grant: Pick<Grant, "role"> & Partial<Grant>) => mayGive(who, caller(grant).grants);
  const inside = { models: ["vision.cams.*"], labels: { site: "a", line: "3" } };

  expect(give({ role: "admin", models: ["vision.*"], labels: { site: "a" } })).toBe(true);
  expect(give({ role: "viewer", ...inside })).toBe(true);
  expect(give({ role: "deployer", ...inside, models: ["vision.*", "audio"] })).toBe(false);
  expect(give({ role: "viewer", ...inside, labels: {} })).toBe(false);
  expect(give({ role: "deployer" })).toBe(false);
  expect(mayGive(caller({ role: "deployer" }), caller({ role: "viewer" }).grants)).toBe(false);
});
