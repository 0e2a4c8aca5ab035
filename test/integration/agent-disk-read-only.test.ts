import { sep } from "node:path";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { confirmed, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A disk on which one folder takes no writes while it is told so. */
function protectable(folder: string) {
  const disk = { isReadOnly: false };
  const fs: Fs = {
    ...nodeFs,
    open: async (path, mode) => {
      if (disk.isReadOnly && mode.kind !== "read" && path.includes(`${sep}${folder}${sep}`)) {
        throw Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS" });
      }
      return nodeFs.open(path, mode);
    },
  };
  return { disk, fs };
}

test.each([
  "docs",
  "partial",
])("F60: a deploy that meets a read-only disk in %s is no failure of the download: it waits, says so, and goes on by itself", async (place) => {
  await using folder = await temporaryFolder();
  const { disk, fs } = protectable(place);
  await using rig = installRig({ folder: folder.path, fs });
  const first = await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0");
  const failures = () => rig.events.filter(({ event }) => event === "install.failed");

  const told = rig.held.length;
  disk.isReadOnly = true;
  rig.want(second);
  await eventually(() => failures().length === 2, { withinMs: 10_000 });
  const meanwhile = { faults: rig.faults(), blocked: rig.state()?.blocked };
  const served = rig.serving()?.staged.release;
  disk.isReadOnly = false;
  await eventually(() => rig.slot()?.active?.release === second, { withinMs: 10_000 });

  expect(meanwhile.faults).toMatchObject([{ code: "STORE_FAILED" }]);
  expect(meanwhile.blocked).toEqual([]);
  // Once for the failure, however often it is tried, and once for the document when it is taken.
  expect(rig.held.length - told).toBe(2);
  expect(served).toBe(first);
  expect(failures()).toMatchObject([{ code: "STORE_FAILED" }, { code: "STORE_FAILED" }]);
  expect(rig.steps().filter((step) => step.includes("refused"))).toEqual([]);
  expect(rig.faults()).toEqual([]);
});
