import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refresh, staleFiles } from "../../../tools/stale-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const files = [
  { path: "schema/fresh.json", text: "{}\n" },
  { path: "schema/old.json", text: "{}\n" },
  { path: "elsewhere/missing.json", text: "{}\n" },
];

test("a file is stale when its text differs, when it is missing, and when nothing makes it", async () => {
  await using folder = await temporaryFolder();
  plant(folder.path);
  const stale = staleFiles(folder.path, files, ["schema"]);

  expect(stale.changed.map(({ path }) => path)).toEqual([
    "schema/old.json",
    "elsewhere/missing.json",
  ]);
  expect(stale.left).toEqual(["schema/left.json"]);
});

test("refreshing leaves nothing stale, and nothing that was not generated is touched", async () => {
  await using folder = await temporaryFolder();
  plant(folder.path);
  refresh(folder.path, staleFiles(folder.path, files, ["schema"]));

  expect(staleFiles(folder.path, files, ["schema"])).toEqual({ changed: [], left: [] });
  expect(existsSync(join(folder.path, "schema/left.json"))).toBe(false);
  expect(readFileSync(join(folder.path, "by-hand.json"), "utf8")).toBe("mine");
});

test("a folder that is not there yet holds nothing that is left over", async () => {
  await using folder = await temporaryFolder();

  expect(staleFiles(folder.path, [], ["schema"])).toEqual({ changed: [], left: [] });
});

function plant(root: string): void {
  mkdirSync(join(root, "schema"));
  writeFileSync(join(root, "schema/fresh.json"), "{}\n");
  writeFileSync(join(root, "schema/old.json"), "{ }\n");
  writeFileSync(join(root, "schema/left.json"), "{}\n");
  writeFileSync(join(root, "by-hand.json"), "mine");
}
