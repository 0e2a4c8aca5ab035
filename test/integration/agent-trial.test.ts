import { chmod, readdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { confirmed, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a release whose runner ends on trial is rolled back to the one before", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 5_000;
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.serving()?.staged.release === second);

  rig.host.modelOf("2.0.0")?.crash();

  await eventually(() => rig.serving()?.staged.release === first);
  await eventually(() => rig.steps().includes("2.0.0 rolled-back RUNNER_CRASH"));
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
});

test("a release that fails too many answers on trial is rolled back", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 5_000;
  rig.host.failing.add("2.0.0");
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.serving()?.staged.release === second);

  await Promise.allSettled(Array.from({ length: 6 }, () => rig.infer()));

  await eventually(() => rig.serving()?.staged.release === first);
  await eventually(() => rig.steps().includes("2.0.0 rolled-back ROLLED_BACK"));
});

test.each([
  ["ends", "RUNNER_CRASH"],
  ["fails its answers", "ROLLED_BACK"],
])("a first release that %s on trial leaves an empty slot, where requests are refused at once", async (how, code) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  rig.rules.confirmMs = 5_000;
  rig.host.failing.add("1.0.0");
  await rig.start();
  rig.want(rig.publish("1.0.0"));
  await eventually(() => rig.serving() !== undefined);

  if (how === "ends") rig.host.modelOf("1.0.0")?.crash();
  else await Promise.allSettled(Array.from({ length: 6 }, () => rig.infer()));
  await eventually(() => rig.steps().includes(`1.0.0 rolled-back ${code}`));

  await expect(rig.infer()).rejects.toMatchObject({ code: "NOT_READY" });
  expect(rig.serving()).toBeUndefined();
  expect(rig.slot()).toMatchObject({ active: null, previous: null, trial: null });
});

test("an only release whose file went bad on disk leaves an empty slot until it is fetched again", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = await confirmed(rig, "1.0.0");
  const [blob = ""] = await readdir(`${folder.path}/blobs`);
  await chmod(rig.blobPath(blob), 0o644);
  await writeFile(rig.blobPath(blob), "rot");
  const restarted = rig.source.holdDownloads();

  rig.host.modelOf("1.0.0")?.crash();
  await eventually(() => rig.steps().includes("1.0.0 rolled-back DIGEST"));
  await expect(rig.infer()).rejects.toMatchObject({ code: "NOT_READY" });
  restarted();

  await eventually(() => rig.slot()?.active?.release === release);
  await eventually(() => rig.infer());
});

test("F51: a release whose files never stay whole is given up after a bounded number of downloads", async () => {
  await using folder = await temporaryFolder();
  const disk = rottingDisk();
  await using rig = installRig({ folder: folder.path, fs: disk.fs });
  const first = await confirmed(rig, "1.0.0");
  const asked = rig.source.asked.length;
  disk.rot();

  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.steps().includes("2.0.0 refused STORE_FAILED"));

  expect(rig.source.asked.length - asked).toBe(15);
  expect(rig.host.loads).toEqual(["1.0.0"]);
  expect(rig.serving()?.staged.release).toBe(first);
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
});

/** A disk that, once it rots, gives other bytes of a model file back than were written. */
function rottingDisk(): { readonly fs: Fs; readonly rot: () => void } {
  let rots = false;
  const open: Fs["open"] = async (path, mode) => {
    const file = await nodeFs.open(path, mode);
    if (!rots || mode.kind !== "read" || !path.includes("/blobs/")) return file;
    return {
      ...file,
      read: async (into, position) => {
        const got = await file.read(into, position);
        if (position === 0) into.set([(into[0] ?? 0) ^ 1]);
        return got;
      },
    };
  };
  return {
    fs: { ...nodeFs, open },
    rot: () => {
      rots = true;
    },
  };
}
