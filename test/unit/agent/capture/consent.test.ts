import { captureLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { allows, parseConsent } from "../../../../agent/src/domain/capture/consent.ts";

const said = (policies: unknown) => parseConsent(JSON.stringify({ policies }));
const names = (count: number) => Array.from({ length: count }, (_, i) => `policy-${i}`);

test("people allow every policy, or those they name", () => {
  expect(allows(said("any"), "night")).toBe(true);
  expect(allows(said(["night", "day"]), "day")).toBe(true);
  expect(allows(said(["night"]), "nigh")).toBe(false);
  expect(said(names(captureLimits.consentPoliciesMax))).not.toBeNull();
});

test.each<[string, unknown]>([
  ["another word", "all"],
  ["a truth", true],
  ["nobody", []],
  ["a name among what is none", ["night", 7]],
  ["one policy more than there may be", names(captureLimits.consentPoliciesMax + 1)],
  ["nothing", undefined],
  ["an object", { night: true }],
])("what says %s is no consent: nothing is kept", (_, policies) => {
  expect(said(policies)).toBeNull();
  expect(allows(said(policies), "night")).toBe(false);
});

test.each([
  "",
  "any",
  "null",
  '["any"]',
  '{"policies":"any"',
])("the file `%s` is no consent", (text) => {
  expect(parseConsent(text)).toBeNull();
});
