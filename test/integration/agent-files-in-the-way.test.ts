import { execFileSync } from "node:child_process";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  symlink,
  writeFile,
} from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { modelDigest, ReleaseDocument, sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { serve } from "../support/agent/blob-server.ts";
import { content, downloadRig, file } from "../support/agent/download-rig.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const obstacles: Record<string, (path: string, target: string) => Promise<unknown>> = {
  "a symbolic link": (path, target) => symlink(target, path),
  "a dangling link": (path, target) => symlink(`${target}-missing`, path),
  "a folder": (path) => mkdir(join(path, "deep"), { recursive: true }),
  "a pipe": (path) => Promise.resolve(execFileSync("mkfifo", [path])),
  "a hard link": (path, target) => link(target, path),
};

test.each(
  Object.entries(obstacles).flatMap(([name, make]) =>
    ["partial", "blobs"].map((place) => [name, place, make] as const),
  ),
)("F38: %s in place of a file in %s is replaced, and what it led to is untouched", async (_, place, make) => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([serve(content)], folder.path);
  const target = folder.inside("target");
  await writeFile(target, content);
  const path = folder.inside(place, file.sha256);
  await make(path, target);
  const isTakenForOurs = await on.store.holds(file);

  await on.download();

  const blob = await lstat(folder.inside("blobs", file.sha256));
  expect(isTakenForOurs).toBe(false);
  expect(blob.isFile() && blob.nlink === 1).toBe(true);
  expect((await lstat(target)).mode & 0o200).toBe(0o200);
  expect(await readFile(target)).toEqual(content);
  expect(await readdir(folder.path)).not.toContain("target-missing");
  expect(await readdir(folder.inside("partial"))).toEqual([]);
});

test.each(
  Object.entries(obstacles),
)("F38: %s in place of an active file is not loaded: the file is fetched again", async (_, make) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = await confirmed(rig, "1.0.0");
  const path = rig.host.modelOf("1.0.0")?.staged.files.get("model.onnx") ?? "";
  const target = folder.inside("target");
  await writeFile(target, await readFile(path));
  await rig.stop();
  await nodeFs.remove(path);
  await make(path, target);

  await rig.start();
  await eventually(() => rig.source.asked.length === 2);
  await eventually(() => rig.slot()?.active?.release === release);

  expect((await lstat(path)).nlink).toBe(1);
  expect((await lstat(path)).isFile()).toBe(true);
});

const isRoot = userInfo().uid === 0;

test.skipIf(!isRoot)(
  "F38: a file of another owner is replaced (needs root to be shown)",
  async () => {
    await using folder = await temporaryFolder();
    await using on = await downloadRig([serve(content)], folder.path);
    const path = folder.inside("partial", file.sha256);
    await writeFile(path, content.subarray(0, 100));
    await chown(path, 12_345, 12_345);

    await on.download();

    expect(on.server.requests.map(({ range }) => range)).toEqual([""]);
    expect((await lstat(folder.inside("blobs", file.sha256))).uid).toBe(0);
  },
);

test("what lies about in the folders of files does not stop the loop that clears them", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  await mkdir(folder.inside("blobs", "a folder", "deep"), { recursive: true });
  execFileSync("mkfifo", [folder.inside("partial", "a pipe")]);

  await confirmed(rig, "2.0.0");

  await eventually(async () => {
    expect(await readdir(folder.inside("blobs"))).toHaveLength(2);
    expect(await readdir(folder.inside("partial"))).toEqual([]);
  });
});

test("F37: a file changed on disk after its download and before its load is never loaded, and is fetched again", async () => {
  await using folder = await temporaryFolder();
  const disk = meddledDisk();
  await using rig = installRig({ folder: folder.path, fs: disk.fs });
  const first = await confirmed(rig, "1.0.0");
  const answered: string[] = [];
  disk.meddleOnce();

  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.source.asked.length === 3);
  answered.push((await rig.infer()).model.staged.release);
  await eventually(() => rig.slot()?.active?.release === second);

  // The steered host hashes what it is given, and would have ended the loop.
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
  expect([first, second]).toContain(answered[0]);
});

/** A disk on which somebody changes the next file right after it was put in its place. */
function meddledDisk() {
  let isMeddled = false;
  const fs: Fs = {
    ...nodeFs,
    rename: async (from, to) => {
      await nodeFs.rename(from, to);
      if (!isMeddled || !dirname(to).endsWith("blobs")) return;
      isMeddled = false;
      await chmod(to, 0o644);
      await writeFile(to, Buffer.alloc(3_000, "meddled"));
    },
  };
  return {
    fs,
    meddleOnce: () => {
      isMeddled = true;
    },
  };
}

const badPaths = [
  ...[
    "../x",
    "/x",
    "a/../../x",
    "a\\..\\x",
    ".",
    "..",
    "",
    "a/./b",
    "a//b",
    "x\0y",
    "x".repeat(300),
  ],
  ...["CON", "nul.onnx", "a/Com1.bin", "x.", "x ", "naïve", "a/b/c/d/e", ".hidden"],
];

function publishWithPath(rig: InstallRig, path: string, serial: number) {
  const bytes = Buffer.alloc(100, path);
  rig.source.blobs.set(sha256(bytes), bytes);
  const listed = [
    { path: "model.onnx", size: 100, sha256: sha256(bytes) },
    { path, size: 100, sha256: sha256(bytes) },
  ];
  const files = listed as ReleaseDocument["files"];
  const changes = { files, digest: modelDigest(files) };
  return rig.publishUnchecked(`1.0.${serial}`, changes);
}

test("F39: a release with a path that leads elsewhere, or that some file system would read otherwise, is refused before its files", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await rig.start();
  const codes: Record<string, unknown> = {};
  const twins = ["MODEL.onnx", "Model.Onnx"];

  for (const [serial, path] of [...badPaths, ...twins].entries()) {
    const release = publishWithPath(rig, path, serial);
    rig.want(release);
    await eventually(() => rig.reported.some((item) => item.release === release));
    codes[path] = rig.reported.find((item) => item.release === release)?.code;
  }

  expect(Object.entries(codes).filter(([, code]) => code !== "FORMAT")).toEqual([]);
  expect(Object.keys(codes)).toHaveLength(badPaths.length + twins.length);
  expect(rig.source.asked).toEqual([]);
  expect(await readdir(folder.inside("blobs"))).toEqual([]);
  expect(ReleaseDocument.shape.files.element.shape.path.safeParse("a/b-1_c.onnx").success).toBe(
    true,
  );
});
