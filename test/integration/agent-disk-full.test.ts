import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { confirmed, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const junk = "f".repeat(64);

/** A disk without room for a new file while what nobody needs lies in the folder of files. */
function fullUntilCollected(folder: string): Fs {
  return {
    ...nodeFs,
    open: async (path, mode) => {
      const blobs = await nodeFs.list(join(folder, "blobs"));
      if (mode.kind === "create-new" && blobs.includes(junk)) {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      }
      return nodeFs.open(path, mode);
    },
  };
}

test("F60: an order that finds no room on the disk makes room first, and is followed", async () => {
  await using folder = await temporaryFolder();
  const disk = { fillsUp: false };
  const full = fullUntilCollected(folder.path);
  const fs: Fs = {
    ...full,
    open: async (path, mode) => {
      // With the order, not before: the idle moment after a confirmation would remove it without being asked.
      if (disk.fillsUp && mode.kind === "create-new") {
        disk.fillsUp = false;
        await writeFile(join(folder.path, "blobs", junk), "left over");
      }
      return full.open(path, mode);
    },
  };
  await using rig = installRig({ folder: folder.path, fs });
  await confirmed(rig, "1.0.0");

  const second = rig.publish("2.0.0");
  disk.fillsUp = true;
  rig.want(second);
  await eventually(() => rig.slot()?.active?.release === second, { withinMs: 10_000 });

  expect(await readdir(join(folder.path, "blobs"))).not.toContain(junk);
  expect(rig.events.some(({ event }) => event === "install.failed")).toBe(true);
});

test("F60: a full disk that removes nothing either is told to the controller as full, and each failure by its name", async () => {
  await using folder = await temporaryFolder();
  const disk = { isBroken: false };
  const full = fullUntilCollected(folder.path);
  const fs: Fs = {
    ...full,
    open: async (path, mode) => {
      // Not before the order: the idle moment after a confirmation removes what nobody needs as well, and would fail first.
      if (disk.isBroken && mode.kind === "create-new") {
        await writeFile(join(folder.path, "blobs", junk), "left over");
      }
      return full.open(path, mode);
    },
    remove: async (path) => {
      if (disk.isBroken && path.endsWith(junk)) {
        throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
      }
      await full.remove(path);
    },
  };
  await using rig = installRig({ folder: folder.path, fs });
  await confirmed(rig, "1.0.0");
  const told = rig.held.length;

  const second = rig.publish("2.0.0");
  disk.isBroken = true;
  rig.want(second);
  await eventually(() => rig.events.some(({ event }) => event === "install.failed"));

  const warned = rig.events.map(({ event }) => event).filter((event) => event.endsWith(".failed"));
  expect(warned.slice(0, 2)).toEqual(["garbage.failed", "install.failed"]);
  expect(rig.held.length - told).toBe(1);
  expect(rig.faults()).toMatchObject([{ code: "NO_SPACE" }]);
});
