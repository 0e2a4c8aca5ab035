import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isGeneric, probeHolds, satisfiesRange, targetCatalog } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { targetFiles } from "../../../tools/target-catalog.ts";

const root = join(import.meta.dirname, "../../..");

describe("what is generated from firmware-targets is fresh", () => {
  test.each(targetFiles(root))("$path", ({ path, text }) => {
    const found = readFileSync(join(root, path), "utf8");

    expect(found === text, `${path} is stale: run "npm run generate"`).toBe(true);
  });
});

describe("the declared targets", () => {
  const { targets, runtimes } = targetCatalog;
  const boards = targets.filter((target) => !isGeneric(target));

  test("have one generic target for each architecture, after all boards", () => {
    const generic = targets.slice(boards.length);

    expect(generic.map(({ platform }) => platform.arch).sort()).toEqual(["arm", "arm64", "x64"]);
  });

  test("name only runtimes that have a file, and providers that it lists", () => {
    for (const { id, runtimes: allowed } of targets) {
      for (const { id: name, providers } of allowed) {
        const file = runtimes.find((runtime) => runtime.id === name);
        expect(file?.providers, `${id}: ${name}`).toEqual(expect.arrayContaining(providers));
      }
    }
  });

  test("do not allow a runtime where its files do not load", () => {
    for (const { id, platform, runtimes: allowed } of targets) {
      for (const { id: name } of allowed) {
        const where = runtimes.find((runtime) => runtime.id === name)?.platforms ?? [];
        const loads = where.length === 0 || where.some(({ arch }) => arch === platform.arch);
        expect(loads, `${id}: ${name}`).toBe(true);
      }
    }
  });

  test("do not allow a version that is known to crash on their core", () => {
    for (const { id, platform, runtimes: allowed } of targets) {
      for (const { id: name, range } of allowed) {
        const rules = runtimes.find((runtime) => runtime.id === name)?.knownBad ?? [];
        const hit = rules
          .filter(({ arch }) => arch.includes(platform.arch))
          .flatMap(({ measured }) => measured)
          .find((version) => satisfiesRange(version, range));
        expect(hit, `${id}: ${name} ${range}`).toBeUndefined();
      }
    }
  });

  test("are told apart: a device-tree text of one board is no other board's", () => {
    for (const board of boards) {
      for (const probe of board.match) {
        if (!("file" in probe)) continue;
        const others = boards.filter(
          (other) =>
            other !== board && other.match.some((one) => probeHolds(one, () => probe.contains)),
        );
        expect(
          others.map(({ id }) => id),
          probe.contains,
        ).toEqual([]);
      }
    }
  });
});
