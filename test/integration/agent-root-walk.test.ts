import { readdir, writeFile } from "node:fs/promises";
import { documentLimits, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { documentOf } from "../support/agent/root-chain.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fleetKeys, payloadDigest, seedSigner, signDocument } from "../support/trust-fixtures.ts";

const isActive = (rig: InstallRig, release: Sha256) =>
  eventually(() => rig.slot()?.active?.release === release);
const event = (rig: InstallRig, name: string) =>
  eventually(() => rig.events.some((seen) => seen.event === name));
const newOnline = seedSigner("online 2");

test("a document under a newer root makes the device walk there, keep its count and follow it", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const root = rig.rotate();

  const second = rig.publish("2.0.0");
  rig.want(second, { rootVersion: 2 });

  await isActive(rig, second);
  expect(rig.state()).toMatchObject({ rootVersion: 2, rootSha256: payloadDigest(root), seq: 2 });
  expect(rig.hellos).toEqual(["root adopted"]);
  expect(rig.refused).toEqual([]);
});

test("a document by new online keys makes the device walk, count anew, and follow what answers its hello", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0", 3);
  rig.rotate({ online: newOnline });
  const second = rig.publish("2.0.0", { securityVersion: 4 });

  rig.want(second, { seq: 1, rootVersion: 2, nonce: undefined });
  await event(rig, "desired.refused");
  const refusedWithout = [...rig.refused];
  const stateThen = rig.state();
  const servedBy = (await rig.infer()).model.staged.release;
  rig.want(second, { seq: 1, rootVersion: 2 });
  await isActive(rig, second);

  expect(refusedWithout).toEqual(["NOT_FRESH"]);
  expect(stateThen).toMatchObject({ rootVersion: 2, seq: 0, desiredSha256: null });
  expect(stateThen?.floors).toEqual([{ model: "digits", securityVersion: 3 }]);
  expect(servedBy).toBe(first);
  expect(rig.hellos).toEqual(["root adopted", "needed"]);
});

test("the root a device walked to stays on disk and is what its next start trusts", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const root = rig.rotate({ online: newOnline });
  await confirmed(rig, "1.0.0");
  await confirmed(rig, "2.0.0");
  await rig.stop();

  await rig.start();
  const third = await confirmed(rig, "3.0.0");

  expect(rig.slot()?.active?.release).toBe(third);
  expect(rig.source.rootsAsked).toEqual([2, 3]);
  expect(await readdir(folder.inside("docs"))).toContain(`${payloadDigest(root)}.json`);
});

test.each([
  ["lost", undefined],
  ["damaged", "{}"],
])("a root document that is %s is fetched again by its digest, nothing is set back, and the model serves meanwhile", async (_, text) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const root = rig.rotate({ online: newOnline, release: seedSigner("release 2") });
  const first = await confirmed(rig, "1.0.0", 5);
  await rig.stop();
  const path = folder.inside("docs", `${payloadDigest(root)}.json`);
  if (text === undefined) await nodeFs.remove(path);
  else await writeFile(path, text);
  const offered = rig.source.roots.get(2);
  rig.source.roots.set(2, signDocument(documentOf(2, fleetKeys), fleetKeys.root));

  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  await event(rig, "root.failed");
  const before = rig.state();
  rig.source.roots.set(2, offered ?? new Uint8Array());
  rig.time.uptimeMs += documentLimits.rootWalkPauseMsMax;
  const second = rig.publish("2.0.0", { securityVersion: 5 });
  rig.want(second);
  await isActive(rig, second);

  expect(before).toMatchObject({ rootVersion: 2, rootSha256: payloadDigest(root), seq: 1 });
  expect(rig.refused).toContain("DIGEST");
  expect(rig.state()?.floors).toEqual([{ model: "digits", securityVersion: 5 }]);
});

test("forged documents make a device ask for a newer root at the pace of its pause, and no faster", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const forged = (seq: number) =>
    signDocument({ type: "desired", seq } as { type: "desired" }, [seedSigner("forger")]);

  for (let seq = 1; seq <= 20; seq += 1) {
    rig.deliver(forged(seq));
    await eventually(() => rig.refused.length >= seq);
  }
  const asked = [...rig.source.rootsAsked];
  rig.time.uptimeMs += documentLimits.rootWalkPauseMsMax;
  rig.deliver(forged(21));
  await eventually(() => rig.source.rootsAsked.length === 2);

  expect(asked).toEqual([2]);
  expect(rig.slot()?.active?.release).toBe(first);
});

test("a newer root that the online key names is asked for until it is there", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0");
  rig.want(second, { rootVersion: 2 });
  await event(rig, "desired.refused");

  rig.rotate();
  rig.time.uptimeMs += documentLimits.rootWalkPauseMsMax;
  rig.want(second);

  await eventually(() => rig.state()?.rootVersion === 2);
  expect(rig.refused).toEqual(["ROOT_TOO_OLD"]);
});

const { root: rootKeys } = fleetKeys;
const otherFleet = "11111111-2222-4333-8444-555555555555";

test.each([
  ["F9: root N + 2 in place of N + 1", documentOf(3, fleetKeys), "ROOT_CHAIN"],
  ["F9: root N again with other bytes", documentOf(1, fleetKeys), "ROOT_CHAIN"],
  ["F10: a root of another fleet", documentOf(2, fleetKeys, { fleet: otherFleet }), "FLEET"],
])("%s is refused and never on disk", async (_, document, code) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const bad = signDocument(document, rootKeys);
  rig.source.roots.set(2, bad);
  const before = rig.state();

  rig.want(rig.publish("2.0.0"), { rootVersion: 2 });
  await event(rig, "desired.refused");

  expect(rig.refused).toEqual([code, "ROOT_TOO_OLD"]);
  expect(rig.state()).toEqual(before);
  expect(rig.serving()?.staged.release).toBe(first);
  expect(await readdir(folder.inside("docs"))).not.toContain(`${payloadDigest(bad)}.json`);
});

test("F9: root N - 1 in place of N + 1 is refused", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  rig.rotate();
  rig.rotate();
  await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0");
  rig.want(second, { rootVersion: 3 });
  await isActive(rig, second);

  rig.source.roots.set(4, rig.source.roots.get(2) ?? new Uint8Array());
  rig.want(rig.publish("3.0.0"), { rootVersion: 4 });
  await event(rig, "desired.refused");

  expect(rig.refused).toEqual(["ROOT_CHAIN", "ROOT_TOO_OLD"]);
  expect(rig.state()?.rootVersion).toBe(3);
});

test("F10: of 65 pending roots a device takes 64 in one go, and the last in the next", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await rig.start();
  for (let step = 1; step <= 65; step += 1) rig.rotate();
  const release = rig.publish("1.0.0");

  rig.want(release, { rootVersion: 66 });
  // 65 steps are 195 waits for a disk, which may be busy.
  await eventually(() => rig.state()?.rootVersion === 66, { withinMs: 25_000 });
  rig.want(release, { rootVersion: 66 });
  await isActive(rig, release);

  expect(documentLimits.rootStepsPerCycleMax).toBe(64);
  expect(rig.refused).toEqual(["ROOT_TOO_OLD"]);
  expect(rig.hellos).toEqual(["root adopted", "root adopted"]);
});

test("F11: after a refused root and a restart the good one is accepted; the refused one was never on disk", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const good = rig.rotate();
  const bad = signDocument(documentOf(2, fleetKeys), [fleetKeys.root[0], seedSigner("thief")]);
  rig.source.roots.set(2, bad);
  const second = rig.publish("2.0.0");
  rig.want(second, { rootVersion: 2 });
  await event(rig, "root.failed");
  await rig.stop();
  const kept = await readdir(folder.inside("docs"));

  rig.source.roots.set(2, good);
  await rig.start();
  rig.want(second, { rootVersion: 2 });
  await isActive(rig, second);

  expect(kept).not.toContain(`${payloadDigest(bad)}.json`);
  expect(rig.refused).toEqual(["SIGNATURE", "ROOT_TOO_OLD"]);
  expect(rig.state()?.rootSha256).toBe(payloadDigest(good));
});

test.each([
  ["its document is written", (third: string) => (path: string) => path.includes(third)],
  [
    "the record that names it is written",
    (third: string, seen = { third: false }) =>
      (path: string) => {
        seen.third ||= path.includes(third);
        return seen.third && path.includes("/state/");
      },
  ],
])("F12: a power cut after root N + 1, as %s for N + 2, leaves N + 1, and the next start goes on from there", async (_, cutAt) => {
  await using folder = await temporaryFolder();
  const disk = mortalDisk();
  await using rig = installRig({ folder: folder.path, fs: disk.fs });
  const first = await confirmed(rig, "1.0.0");
  const second = rig.rotate({ online: newOnline });
  const third = rig.rotate();
  disk.dieAt(cutAt(payloadDigest(third)));
  rig.want(rig.publish("2.0.0"), { rootVersion: 3, seq: 1 });
  await event(rig, "root.failed");
  await rig.stop();

  await using again = installRig({ folder: folder.path });
  for (const [version, bytes] of rig.source.roots) again.source.roots.set(version, bytes);
  await again.start();
  const before = again.state();
  await eventually(() => again.serving()?.staged.release === first);
  again.deliver(signDocument({ type: "desired" }, [newOnline]));
  await event(again, "desired.refused");
  again.deliver(signDocument({ type: "desired" }, [seedSigner("nobody")]));
  await eventually(() => again.state()?.rootVersion === 3);

  expect(before).toMatchObject({ rootVersion: 2, rootSha256: payloadDigest(second), seq: 0 });
  expect(again.source.rootsAsked[0]).toBe(3);
});

/** A disk that is gone from the first file on that is opened at a place. */
function mortalDisk() {
  let isFatal: (path: string) => boolean = () => false;
  let isDead = false;
  const live = () => {
    if (isDead) throw Object.assign(new Error("EIO: power cut"), { code: "EIO" });
  };
  const fs: Fs = {
    ...nodeFs,
    open: async (path, mode) => {
      isDead ||= mode.kind !== "read" && isFatal(path);
      live();
      return nodeFs.open(path, mode);
    },
    rename: async (from, to) => {
      live();
      await nodeFs.rename(from, to);
    },
    remove: async (path) => {
      live();
      await nodeFs.remove(path);
    },
  };
  return {
    fs,
    dieAt: (at: (path: string) => boolean) => {
      isFatal = at;
    },
  };
}
