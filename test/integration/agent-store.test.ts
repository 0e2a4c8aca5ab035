import { createHash } from "node:crypto";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { storeLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { durableWriter } from "../../agent/src/adapters/file-store/durable-write.ts";
import { lockFolder } from "../../agent/src/adapters/file-store/folder-lock.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { decodeSlot, encodeSlot } from "../../agent/src/adapters/file-store/state-slot.ts";
import { StateSlots } from "../../agent/src/adapters/file-store/state-slots.ts";
import { faultyFs } from "../support/agent/faulty-fs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function openSlots(folder: string, fs = nodeFs): Promise<StateSlots> {
  const slots = new StateSlots(fs, folder);
  await slots.prepare();
  return slots;
}

test("the newest commit is what a restart reads", async () => {
  await using folder = await temporaryFolder();
  const slots = await openSlots(folder.inside("state"));
  for (const json of ['"one"', '"two"', '"three"']) await slots.commit(json);

  expect(await (await openSlots(folder.inside("state"))).read()).toBe('"three"');
});

test("both slots have their full size before the first commit, and keep it", async () => {
  await using folder = await temporaryFolder();
  const slots = await openSlots(folder.inside("state"));
  await slots.commit('"one"');

  for (const name of ["a", "b"]) {
    expect((await stat(folder.inside("state", name))).size).toBe(storeLimits.stateSlotBytes);
  }
});

test.each([
  1, 8, 30, 56, 57, 60,
])("a commit torn after %i bytes loses to the one before", async (bytes) => {
  await using folder = await temporaryFolder();
  const { fs, cutWriteAfter } = faultyFs(nodeFs);
  const slots = await openSlots(folder.inside("state"), fs);
  await slots.commit('"one"');
  await slots.commit('"two"');
  cutWriteAfter(bytes);

  await expect(slots.commit('"three"')).rejects.toMatchObject({ code: "STORE_FAILED" });

  expect(await (await openSlots(folder.inside("state"))).read()).toBe('"two"');
});

test("after a torn commit the next one takes the torn slot, never the good one", async () => {
  await using folder = await temporaryFolder();
  const { fs, cutWriteAfter } = faultyFs(nodeFs);
  const slots = await openSlots(folder.inside("state"), fs);
  await slots.commit('"one"');
  cutWriteAfter(20);
  await expect(slots.commit('"two"')).rejects.toThrow();
  await expect(slots.commit('"two"')).rejects.toThrow();

  expect(await (await openSlots(folder.inside("state"))).read()).toBe('"one"');
});

test("a ruined slot is named until a commit has written it anew, and the slot that is still to come is not", async () => {
  await using folder = await temporaryFolder();
  const state = folder.inside("state");
  const slots = await openSlots(state);
  await slots.commit('"one"');
  const young = await openSlots(state);
  await young.read();
  await slots.commit('"two"');
  await writeFile(folder.inside("state", "a"), Buffer.alloc(100, "ruin"));
  const again = await openSlots(state);

  expect([await again.read(), young.ruined()]).toEqual([expect.any(String), undefined]);
  expect(again.ruined()).toBe(folder.inside("state", "a"));
  await again.commit('"three"');
  expect(again.ruined()).toBeUndefined();
  expect(await (await openSlots(state)).read()).toBe('"three"');
});

test("a commit whose fsync fails is reported, and the next uses a fresh descriptor", async () => {
  await using folder = await temporaryFolder();
  const { fs, failNext, calls } = faultyFs(nodeFs);
  const slots = await openSlots(folder.inside("state"), fs);
  await slots.commit('"one"');
  failNext("sync", "EIO");
  calls.length = 0;

  await expect(slots.commit('"two"')).rejects.toMatchObject({ code: "STORE_FAILED" });
  await slots.commit('"two"');

  expect(calls).toEqual(["open", "write", "sync", "open", "write", "sync"]);
  expect(await (await openSlots(folder.inside("state"))).read()).toBe('"two"');
});

test("F60: a full disk does not stop a commit: the blocks are there already", async () => {
  await using folder = await temporaryFolder();
  const { fs, calls } = faultyFs(nodeFs);
  const slots = await openSlots(folder.inside("state"), fs);
  calls.length = 0;

  await slots.commit('"one"');

  expect(calls).toEqual(["open", "write", "sync"]);
});

test("F62: with both slots broken there is no state, and with one broken there is", async () => {
  await using folder = await temporaryFolder();
  const slots = await openSlots(folder.inside("state"));
  await slots.commit('"one"');
  await slots.commit('"two"');
  await flip(folder.inside("state", "a"));
  const first = await (await openSlots(folder.inside("state"))).read();
  await flip(folder.inside("state", "b"));

  expect(first).toBe('"two"');
  expect(await (await openSlots(folder.inside("state"))).read()).toBeUndefined();
});

test("F62: the generation goes round after 2^64 - 1 and the newer one still wins", async () => {
  await using folder = await temporaryFolder();
  const last = 2n ** 64n - 1n;
  await openSlots(folder.inside("state"));
  await writeFile(folder.inside("state", "a"), encodeSlot({ generation: last, json: '"last"' }));
  const slots = await openSlots(folder.inside("state"));
  await slots.read();

  await slots.commit('"first of the next round"');

  expect(decodeSlot(await readFile(folder.inside("state", "b")))?.generation).toBe(0n);
  expect(await (await openSlots(folder.inside("state"))).read()).toBe('"first of the next round"');
});

test.each([
  ["an older", 0],
  ["a newer", 2],
])("F62: a slot of %s format counts as unreadable, and the next commit goes over it, not over the good one", async (_, format) => {
  await using folder = await temporaryFolder();
  const slots = await openSlots(folder.inside("state"));
  await slots.commit('"one"');
  await slots.commit('"two"');
  await otherFormat(folder.inside("state", "b"), format);
  const reopened = await openSlots(folder.inside("state"));

  const read = await reopened.read();
  await reopened.commit('"three"');
  const after = await (await openSlots(folder.inside("state"))).read();
  for (const slot of ["a", "b"]) await otherFormat(folder.inside("state", slot), format);

  expect(read).toBe('"one"');
  expect(after).toBe('"three"');
  expect(await (await openSlots(folder.inside("state"))).read()).toBeUndefined();
});

test("F60: a slot that one read did not give is read again, and not taken for torn", async () => {
  await using folder = await temporaryFolder();
  await (await openSlots(folder.inside("state"))).commit('"one"');
  const { fs, failNext } = faultyFs(nodeFs);
  failNext("read", "EIO", 2);

  expect(await new StateSlots(fs, folder.inside("state")).read()).toBe('"one"');
});

test("a record that does not fit a slot is a mistake of ours, one that just fits is not", () => {
  const room = storeLimits.stateSlotBytes - 56;

  expect(decodeSlot(encodeSlot({ generation: 1n, json: "x".repeat(room) }))).toBeDefined();
  expect(() => encodeSlot({ generation: 1n, json: "x".repeat(room + 1) })).toThrow(RangeError);
});

/** The checksum is right; only the format is not ours. */
async function otherFormat(path: string, format: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt32LE(format, 8);
  const length = bytes.readUInt32LE(20);
  const hash = createHash("sha256").update(bytes.subarray(8, 24));
  hash
    .update(bytes.subarray(56, 56 + length))
    .digest()
    .copy(bytes, 24);
  await writeFile(path, bytes);
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

test("F60: a durable file is whole although the system takes three bytes at a time", async () => {
  await using folder = await temporaryFolder();
  const { fs, shortWrites } = faultyFs(nodeFs);
  shortWrites(3);
  const path = folder.inside("file");

  await durableWriter(fs, () => 1)({ path, bytes: Buffer.from("0123456789"), permissions: 0o600 });

  expect(await readFile(path, "utf8")).toBe("0123456789");
});

test.each([
  ["write", "ENOSPC", "NO_SPACE"],
  ["write", "EIO", "STORE_FAILED"],
  ["sync", "EIO", "STORE_FAILED"],
  ["rename", "EROFS", "STORE_FAILED"],
] as const)("F60: when %s fails with %s the old file stays and no temporary one is left", async (call, system, code) => {
  await using folder = await temporaryFolder();
  const { fs, failNext, calls } = faultyFs(nodeFs);
  const write = durableWriter(fs, () => 1);
  const path = folder.inside("file");
  await write({ path, bytes: Buffer.from("old"), permissions: 0o600 });
  failNext(call, system);
  calls.length = 0;

  const written = write({ path, bytes: Buffer.from("new"), permissions: 0o600 });

  await expect(written).rejects.toMatchObject({ code });
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder.path)).toEqual(["file"]);
  expect(calls.filter((made) => made === "sync").length).toBeLessThanOrEqual(1);
});

test("what a killed start left of a durable write is replaced", async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.inside("file.1.tmp"), "half");

  await durableWriter(
    nodeFs,
    () => 1,
  )({
    path: folder.inside("file"),
    bytes: Buffer.from("whole"),
    permissions: 0o444,
  });

  expect(await readdir(folder.path)).toEqual(["file"]);
  expect((await stat(folder.inside("file"))).mode & 0o777).toBe(0o444);
});

const processes = (ownPid: number, alive: Readonly<Record<number, string>>) => ({
  ownPid,
  identityOf: (pid: number) => Promise.resolve(alive[pid]),
});

test("a second agent on one data folder is refused and told who holds it", async () => {
  await using folder = await temporaryFolder();
  const alive = { 10: "100", 11: "110" };
  const lock = await lockFolder(nodeFs, folder.path, processes(10, alive));

  const second = lockFolder(nodeFs, folder.path, processes(11, alive));

  await expect(second).rejects.toMatchObject({ code: "LOCKED" });
  await expect(second).rejects.toThrow(/pid 10/);
  await lock.release();
  await expect(lockFolder(nodeFs, folder.path, processes(11, alive))).resolves.toBeDefined();
});

test.each([
  ["whose process is gone", {}],
  ["whose number another process has now", { 10: "999" }],
])("a lock %s is taken over", async (_, others) => {
  await using folder = await temporaryFolder();
  await lockFolder(nodeFs, folder.path, processes(10, { 10: "100" }));

  await lockFolder(nodeFs, folder.path, processes(11, { 11: "110", ...others }));

  expect(await readFile(folder.inside("run", "lock"), "utf8")).toBe("11 110\n");
});

test("a lock file cut off by a power cut is taken over", async () => {
  await using folder = await temporaryFolder();
  await lockFolder(nodeFs, folder.path, processes(10, { 10: "100" }));
  await writeFile(folder.inside("run", "lock"), "");
  await chmod(folder.inside("run", "lock"), 0o600);

  await expect(
    lockFolder(nodeFs, folder.path, processes(11, { 11: "110" })),
  ).resolves.toBeDefined();
});
