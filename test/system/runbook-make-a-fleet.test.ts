import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { ModelName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openKeys } from "../../controller/src/open-keys.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { refused } from "../support/controller/refused.ts";
import { runbook, typeCommand } from "../support/fleet/typed-commands.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** docs/operations.md, "Make a fleet". */
test("a fleet that is made as the runbook says opens under its passphrase, and only its online key is at the controller", async () => {
  await using folder = await temporaryFolder();
  const keyPassphraseFile = folder.inside("passphrase");
  await writeFile(keyPassphraseFile, "a passphrase of a test\n", { mode: 0o600 });
  const env = { MODELFLEET_KEY_PASSPHRASE_FILE: keyPassphraseFile };
  const said = [];
  for (const line of await runbook("Make a fleet")) {
    said.push(await typeCommand(line, { folder: folder.path, env }));
  }
  const keysFolder = folder.inside("controller", "keys");
  await mkdir(keysFolder, { recursive: true });
  for (const name of ["root.json", "online.key"]) {
    await copyFile(folder.inside(name), folder.inside("controller", "keys", name));
  }
  const config = { isDev: false, allowPlainKeys: false, keyPassphraseFile };
  const surroundings = { clock: new ManualClock(Date.now()), env: {} };

  const keys = await openKeys(keysFolder, config, surroundings);

  expect(said.map(({ exitCode }) => exitCode)).toEqual(said.map(() => 0));
  expect(said.at(-1)?.output).toMatch(/complete +yes/);
  expect(keys.root().document.roles.root).toMatchObject({ threshold: 2 });
  expect(() => keys.release(ModelName.parse("digits"))).toThrow(/release sign/);
  const locked = openKeys(keysFolder, { ...config, keyPassphraseFile: undefined }, surroundings);
  expect((await refused(locked)).message).toContain("MODELFLEET_KEY_PASSPHRASE_FILE");
});
