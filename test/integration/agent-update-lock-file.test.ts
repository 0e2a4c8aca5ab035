import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { updateLockFile } from "../../agent/src/adapters/file-store/update-lock-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test.each([
  ["no JSON", "{"],
  ["no object", "null"],
  ["a time that is none", '{"reason":"","sinceMs":1e300}'],
])("a record of the lock that holds %s is a lock, since a time that can be shown", async (_, text) => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "trust"));
  await writeFile(join(folder.path, "trust", "update-lock"), text);
  const write = () => Promise.resolve();

  const lock = await updateLockFile({ fs: nodeFs, folder: folder.path, write }).read();

  expect(lock).toEqual({ reason: "the record of the lock cannot be read", sinceMs: 0 });
});
