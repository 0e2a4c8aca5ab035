import { chmod, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { findConfinement } from "../../../../agent/src/adapters/runner-process/confinement.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** A folder with programs of these names; each succeeds when its arguments match. */
async function programs(patterns: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  for (const [name, pattern] of Object.entries(patterns)) {
    const path = folder.inside(name);
    await writeFile(path, `#!/bin/sh\ncase "$*" in ${pattern}) exit 0;; *) exit 1;; esac\n`);
    await chmod(path, 0o755);
  }
  return folder;
}

test("a system with neither program confines no further", async () => {
  await using folder = await programs({ true: "*" });

  expect(await findConfinement([folder.path])).toEqual({ launcher: [], limitMemory: undefined });
});

test("a system whose setpriv knows all of it starts runners that end with their agent", async () => {
  await using folder = await programs({ true: "*", setpriv: "*--pdeathsig*" });

  const { launcher } = await findConfinement([folder.path]);

  expect(launcher).toEqual([
    ...[folder.inside("setpriv"), "--no-new-privs", "--pdeathsig", "KILL", "--"],
  ]);
});

test("a setpriv that knows less is used for what it knows", async () => {
  await using folder = await programs({ true: "*", setpriv: "--nnp*" });

  const { launcher } = await findConfinement([folder.path]);

  expect(launcher).toEqual([folder.inside("setpriv"), "--nnp", "--"]);
});

test("a setpriv that is forbidden to do anything is left out", async () => {
  await using folder = await programs({ true: "*", setpriv: "never" });

  expect((await findConfinement([folder.path])).launcher).toEqual([]);
});

test("memory is limited by process id, and a refusal is told", async () => {
  await using folder = await programs({ true: "*", prlimit: '"--pid 7 --data=100 --core=0"' });

  const { limitMemory } = await findConfinement([folder.path]);

  expect(await limitMemory?.(7, 100)).toBe(true);
  expect(await limitMemory?.(7, 101)).toBe(false);
});
