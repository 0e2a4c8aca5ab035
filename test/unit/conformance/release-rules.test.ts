import {
  checkRelease,
  ModelName,
  ModelPattern,
  releaseRoleOf,
  type Signer,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fleetKeys,
  fleetRoot,
  keyTable,
  payloadDigest,
  refusal,
  releaseDocument,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../../support/trust-fixtures.ts";

const [alice, bob, carol] = [seedSigner("alice"), seedSigner("bob"), seedSigner("carol")];

/** A root with these rules, in this order: patterns, keys, threshold. */
function rootWith(...rules: readonly (readonly [string, readonly Signer[], number?])[]) {
  const { root, online } = fleetKeys;
  const release = rules.map(([patterns, members, threshold = 1], index) => ({
    name: `rule ${index}`,
    models: patterns.split(" "),
    ...roleRule(members, threshold),
  }));
  const keys = keyTable([...root, online, ...rules.flatMap(([, members]) => members)]);
  return fleetRoot({ keys, roles: { ...rootDocument().roles, release } });
}

/** What becomes of a release of this model, signed by these. */
function verdict(
  root: ReturnType<typeof rootWith>,
  name: string,
  by: readonly Signer[],
  changes = {},
) {
  const model = ModelName.parse(name);
  const bytes = signDocument({ ...releaseDocument({ model }), ...changes }, by);
  const expected = { release: payloadDigest(bytes), model, deviceClass: "cam-v2", floor: 0 };
  return refusal(() => checkRelease(root, bytes, expected));
}

describe("release rules in place of delegations", () => {
  test("one rule lets its key sign, and nobody else's", () => {
    const root = rootWith(["*", [alice]]);

    expect(verdict(root, "text", [alice])).toBe("accepted");
    expect(verdict(root, "text", [bob])).toBe("SIGNATURE");
  });

  test("rules are looked through in their order", () => {
    const root = rootWith(["text", [alice]], ["*", [bob]]);
    const turned = rootWith(["*", [bob]], ["text", [alice]]);

    expect(verdict(root, "text", [alice])).toBe("accepted");
    expect(verdict(turned, "text", [alice])).toBe("SIGNATURE");
    expect(verdict(turned, "text", [bob])).toBe("accepted");
  });

  test("every rule is terminating: a later one that covers the model too is not tried", () => {
    const root = rootWith(["text", [alice]], ["text *", [bob]]);

    expect(verdict(root, "text", [bob])).toBe("SIGNATURE");
    expect(verdict(root, "text", [alice, bob])).toBe("accepted");
  });

  test("a rule that does not cover the model is passed over", () => {
    const root = rootWith(["vision.*", [alice]], ["text", [bob]]);

    expect(verdict(root, "text", [bob])).toBe("accepted");
    expect(verdict(root, "text", [alice])).toBe("SIGNATURE");
  });

  test("a release key hands on no right: keys and rules inside a release mean nothing", () => {
    const root = rootWith(["*", [alice]]);
    const delegations = {
      roles: { release: [{ name: "C", models: ["*"], ...roleRule([carol], 1) }] },
    };
    const changes = { ...delegations, keys: keyTable([carol]), delegations };

    expect(verdict(root, "text", [alice], changes)).toBe("accepted");
    expect(verdict(root, "text", [carol], changes)).toBe("SIGNATURE");
  });

  test("one key in two rules signs for each by that rule's own threshold", () => {
    const root = rootWith(["vision.*", [alice, bob], 2], ["*", [bob]]);

    expect(verdict(root, "text", [bob])).toBe("accepted");
    expect(verdict(root, "vision.ocr", [bob])).toBe("SIGNATURE");
    expect(verdict(root, "vision.ocr", [bob, alice])).toBe("accepted");
  });

  test("the rules of the current root count, not those a release was accepted under", () => {
    const [before, after] = [rootWith(["*", [alice]]), rootWith(["*", [bob]])];

    expect(verdict(before, "text", [alice])).toBe("accepted");
    expect(verdict(after, "text", [alice])).toBe("SIGNATURE");
  });
});

describe("the search for a model's rule", () => {
  const root = rootWith(
    ["readme notes", [alice]],
    ["releases.x.* releases.y", [bob]],
    ["releases.*", [carol]],
  );

  test.each([
    ["a name of its own", "readme", alice],
    ["the second name of a rule", "notes", alice],
    ["a name under a prefix", "releases.x.v1", bob],
    ["a name two words under a prefix", "releases.x.v1.small", bob],
    ["a name with a dot", "releases.y", bob],
    ["a name under a name that is no prefix", "releases.y.v1", carol],
    ["a prefix itself, under a wider one", "releases.x", carol],
  ])("finds %s: %s", (_, name, signer) => {
    expect(refusal(() => releaseRoleOf(root, ModelName.parse(name)))).toBe("accepted");
    expect(verdict(root, name, [signer])).toBe("accepted");
  });

  test.each([
    ["a prefix itself", "releases"],
    ["a name that only begins like a prefix", "releasesx.y"],
    ["a name under a name that is no prefix, and no other rule", "readme.md"],
  ])("does not find %s: %s", (_, name) => {
    expect(verdict(root, name, [alice, bob, carol])).toBe("SIGNATURE");
  });
});

describe("odd names", () => {
  test.each(["?", "#", "/x", "../x"])("%s names no model and covers none", (name) => {
    expect(ModelName.safeParse(name).success).toBe(false);
    expect(ModelPattern.safeParse(name).success).toBe(false);
  });

  test.each([
    "?",
    "#",
    "/x",
    "../x",
  ])("a rule named %s is a rule: its name is a label and no path", (name) => {
    expect(refusal(() => fleetRoot({ roles: rolesNamed(name) }))).toBe("accepted");
  });
});

function rolesNamed(name: string) {
  const { release } = fleetKeys;
  const rule = { name, models: ["*"], ...roleRule([release], 1) };
  return { ...rootDocument().roles, release: [rule] };
}
