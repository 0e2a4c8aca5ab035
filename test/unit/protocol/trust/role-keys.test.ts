import { keyIdOf, ModelName, releaseRoleOf, roleOf } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fleetKeys,
  fleetRoot,
  keyTable,
  refusal,
  roleRule,
  rootDocument,
  seedSigner,
} from "../../../support/trust-fixtures.ts";

const { root: rootKeys, release, online } = fleetKeys;
const vision = seedSigner("vision");
const root = fleetRoot({
  keys: keyTable([...rootKeys, release, online, vision]),
  roles: {
    ...rootDocument().roles,
    release: [
      { name: "vision", models: ["vision.*"], ...roleRule([vision], 1) },
      { name: "rest", models: ["audio", "vision.defects"], ...roleRule([release, vision], 2) },
    ],
  },
});
const roleFor = (model: string) => releaseRoleOf(root, ModelName.parse(model));
const signersOf = (model: string) => [...roleFor(model).keys.keys()].sort();
const idsOf = (...signers: (typeof vision)[]) =>
  signers.map(({ publicKey }) => keyIdOf(publicKey)).sort();

describe("who may sign", () => {
  test("F14: the keys of a model are those of the first rule that matches, and of no later one", () => {
    expect(signersOf("vision.defects")).toEqual(idsOf(vision));
    expect(roleFor("vision.defects").threshold).toBe(1);
    expect(signersOf("audio")).toEqual(idsOf(release, vision));
    expect(roleFor("audio").threshold).toBe(2);
  });

  test.each([
    "vision",
    "visionary",
    "audio.voice",
    "text",
    "my.vision.defects",
  ])("F14: nobody signs releases of %s, which no rule covers", (model) => {
    expect(refusal(() => signersOf(model))).toBe("SIGNATURE");
    expect(() => signersOf(model)).toThrow(
      `expected a release rule for ${model}, the root has none`,
    );
  });

  test("a rule with a star covers every model", () => {
    const all = releaseRoleOf(fleetRoot(), ModelName.parse("text"));

    expect([...all.keys.values()]).toEqual([release.publicKey]);
  });

  test("roots and desired documents have roles of their own, with thresholds of their own", () => {
    expect(roleOf(root, "root").threshold).toBe(2);
    expect([...roleOf(root, "root").keys.keys()].sort()).toEqual(idsOf(...rootKeys));
    expect(roleOf(root, "online").threshold).toBe(1);
    expect([...roleOf(root, "online").keys.values()]).toEqual([online.publicKey]);
  });
});
