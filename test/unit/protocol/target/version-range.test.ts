import { compareVersions, satisfiesRange, VersionRange } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

describe("a version lies in a range", () => {
  test.each([
    ["1.22.0", ">=1.22 <2"],
    ["1.99.99", ">=1.22 <2"],
    ["1.21.0", "1.21.x"],
    ["1.21.9", "1.21.x"],
    ["24.21.0", "24.x"],
    ["24.21.0", "24"],
    ["1.30.0", "1.30.0"],
    ["0.0.1", "*"],
    ["v24.21.0", ">=24"],
    ["2.36", ">=2.28"],
    ["1.10.0", ">=1.9"],
    ["1.22.0-rc.2", ">=1.22.0-rc.1"],
    ["1.22.0+build.7", "1.22.0"],
  ])("%s in %s", (version, range) => {
    expect(satisfiesRange(version, range)).toBe(true);
  });
});

describe("its neighbours do not", () => {
  test.each([
    ["1.21.99", ">=1.22 <2"],
    ["2.0.0", ">=1.22 <2"],
    ["1.20.9", "1.21.x"],
    ["1.22.0", "1.21.x"],
    ["25.0.0", "24.x"],
    ["1.30.1", "1.30.0"],
    ["1.30.0-rc.1", "1.30.0"],
    ["2.27", ">=2.28"],
    ["1.9.0", ">=1.10"],
    ["unknown", "*"],
    ["", ">=2.28"],
    ["1.2.3.4", ">=1"],
  ])("%s not in %s", (version, range) => {
    expect(satisfiesRange(version, range)).toBe(false);
  });

  test("a pre-release is on neither side of its release, for it may already behave like it", () => {
    expect(satisfiesRange("2.0.0-rc.1", "<2")).toBe(false);
    expect(satisfiesRange("2.0.0-rc.1", ">=2")).toBe(false);
  });
});

describe("a range of another form is refused", () => {
  test.each([
    "",
    " ",
    "1.22 ",
    "^1.2.3",
    ">1",
    "<=2",
    "~1.2",
    "1.x.3",
    ">=1.x",
    "1.22-rc.1",
    "a",
  ])('"%s"', (range) => {
    expect(VersionRange.safeParse(range).success).toBe(false);
    expect(() => satisfiesRange("1.0.0", range)).toThrow(/expected a range/);
  });

  test.each([">=1.22 <2", "1.21.x", "1.x.x", "24", "*", "1.2.3-rc.1"])('"%s" is one', (range) => {
    expect(VersionRange.parse(range)).toBe(range);
  });
});

describe("versions in order", () => {
  test("as in the example of semver.org 2.0.0, clause 11", () => {
    const rising = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "2.0.0",
      "2.1.0",
      "2.1.1",
    ];

    expect(rising.toReversed().sort(compareVersions)).toEqual(rising);
  });

  test("missing parts are zero", () => {
    expect(compareVersions("2.28", "2.28.0")).toBe(0);
  });

  test("what is no version is an error that names it", () => {
    expect(() => compareVersions("1.0.0", "latest")).toThrow('got "latest"');
  });
});
