import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataFolder } from "../../controller/src/adapters/data-folder/lock-data-folder.ts";
import { refused } from "../support/controller/refused.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(folder.inside("data"));
  await chmod(folder.inside("data"), 0o755);
});
afterEach(() => folder[Symbol.asyncDispose]());

const data = () => folder.inside("data");
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test("a folder of something else is refused and left as it was", async () => {
  await writeFile(folder.inside("data", "index.html"), "");

  const { code, message } = await refused(lockDataFolder(data()));

  expect(code).toBe("DATA_FOLDER_FOREIGN");
  expect(message).toContain("--data");
  expect(await modeOf(data())).toBe(0o755);
  expect(await readdir(data())).toEqual(["index.html"]);
});

test.each([
  "controller.sqlite",
  "keys",
  "lost+found",
  "lock",
])("a folder with %s is taken", async (name) => {
  if (name !== "lock") await mkdir(folder.inside("data", name));
  const lock = await lockDataFolder(data());
  lock[Symbol.dispose]();

  expect(await modeOf(data())).toBe(0o700);
  (await lockDataFolder(data()))[Symbol.dispose]();
});

test("a missing folder is made, for its owner alone", async () => {
  (await lockDataFolder(folder.inside("new", "data")))[Symbol.dispose]();

  expect(await modeOf(folder.inside("new", "data"))).toBe(0o700);
});
