import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { mainSlot, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { payloadDigest } from "../support/trust-fixtures.ts";

const hour = 3_600_000;
const documents = async (folder: TemporaryFolder) => (await readdir(folder.inside("docs"))).sort();
const named = (...digests: readonly string[]) => digests.map((digest) => `${digest}.json`).sort();
const filesOf = (rig: InstallRig, version: string): readonly Sha256[] =>
  rig.host.modelOf(version)?.staged.document.files.map(({ sha256 }) => sha256) ?? [];

test("an order takes the place of the one before it on disk, also while a swap is put off for an hour", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.deferrals.defer(mainSlot, hour);
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.reported.some(({ step }) => step === "deferred"));

  const again = payloadDigest(rig.want(second));

  await eventually(async () => {
    expect(await documents(folder)).toEqual(named(first, second, again));
  });
  expect(rig.state()?.desiredSha256).toBe(again);
  expect(rig.serving()?.staged.release).toBe(first);
});

test("an order that is taken as the agent is asked to stop leaves nothing of the one before it", async () => {
  await using folder = await temporaryFolder();
  let stopped: Promise<void> | undefined;
  await using rig = installRig({
    folder: folder.path,
    heard: (event) => {
      if (event === "desired.accepted" && rig.state()?.seq === 2) stopped = rig.stop();
    },
  });
  const first = await confirmed(rig, "1.0.0");

  const again = payloadDigest(rig.want(first));
  await eventually(() => expect(stopped).toBeDefined());
  await stopped;

  expect(await documents(folder)).toEqual(named(first, again));
});

test("an order before the last that cannot be removed keeps nothing up, and goes when the disk lets it", async () => {
  await using folder = await temporaryFolder();
  const disk = { keeps: "" };
  const fs: Fs = {
    ...nodeFs,
    remove: async (path) => {
      if (path === disk.keeps) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
      await nodeFs.remove(path);
    },
  };
  await using rig = installRig({ folder: folder.path, fs });
  const first = await confirmed(rig, "1.0.0");
  disk.keeps = join(folder.path, "docs", `${rig.state()?.desiredSha256}.json`);

  const again = payloadDigest(rig.want(first));
  await eventually(() => expect(rig.faults()).toMatchObject([{ code: "STORE_FAILED" }]));
  const told = rig.held.at(-1);
  disk.keeps = "";

  await eventually(async () => expect(await documents(folder)).toEqual(named(first, again)));
  expect(told).toBe(2);
  expect(rig.events.some(({ event }) => event === "desired.left")).toBe(true);
});

test("the files of a revoked release go, though it is still what was ordered last", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = await confirmed(rig, "2.0.0");
  rig.rotate({}, { revokedReleases: [second] });

  rig.want(second, { rootVersion: 2 });
  await eventually(() => rig.serving()?.staged.release === first);

  await eventually(async () => {
    expect(await readdir(folder.inside("blobs"))).toEqual(filesOf(rig, "1.0.0"));
  });
  expect(filesOf(rig, "1.0.0")).toHaveLength(1);
});
