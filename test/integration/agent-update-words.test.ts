import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { processTable } from "../../agent/src/adapters/clock/process-table.ts";
import { lockFolder } from "../../agent/src/adapters/file-store/folder-lock.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { readStatus } from "../../agent/src/cli/read-status.ts";
import { denyWaiting, lockUpdates, unlockUpdates } from "../../agent/src/cli/say-updates.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** What people on a device type: `agent lock`, `unlock` and `deny`. */
let folder: TemporaryFolder;
let controller: Awaited<ReturnType<typeof miniController>>;
let options: { readonly data: string };
beforeEach(async () => {
  folder = await temporaryFolder();
  controller = await miniController();
  await enrolledFolder(folder.path, controller);
  options = { data: folder.path };
});
afterEach(async () => {
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const statusNow = () => readStatus(folder.path, folder.inside("agent.sock"), "0.1.0");
const lockFile = () => folder.inside("trust/update-lock");

test("a device is locked while its agent is stopped, which finds it at its start, and unlocked while it runs", async () => {
  const locked = await lockUpdates({ ...options, reason: "measuring" });
  const stopped = await statusNow();
  await using agent = await runningAgent(folder.path);
  const running = await agent.status();
  const unlocked = await unlockUpdates(options);

  expect(locked).toEqual({ locked: true, agent: "stopped" });
  expect(stopped).toMatchObject({ agent: "stopped", lock: { reason: "measuring" } });
  expect(running).toMatchObject({ agent: "running", lock: { reason: "measuring" } });
  expect(unlocked).toEqual({ locked: false, agent: "running" });
  expect(await agent.status()).toMatchObject({ lock: null });
  await expect(readFile(lockFile())).rejects.toThrow("ENOENT");
});

test("a reason is refused above its limit while the agent is stopped, and taken at it", async () => {
  const long = lockUpdates({ ...options, reason: "r".repeat(257) });

  await expect(long).rejects.toThrow(
    "--reason: expected a text of at most 256 characters, got 257",
  );
  await expect(readFile(lockFile())).rejects.toThrow("ENOENT");
  await lockUpdates({ ...options, reason: "r".repeat(256) });
  expect(await statusNow()).toMatchObject({ lock: { reason: "r".repeat(256) } });
});

test("a device is locked while its agent runs, and unlocked while it is stopped", async () => {
  const agent = await runningAgent(folder.path);
  const locked = await lockUpdates(options);
  await agent.close();

  expect(locked).toEqual({ locked: true, agent: "running" });
  expect(await statusNow()).toMatchObject({ lock: { reason: "" } });
  expect(await unlockUpdates(options)).toEqual({ locked: false, agent: "stopped" });
  expect(await statusNow()).toMatchObject({ lock: null });
});

test.each([
  ["no bytes", ""],
  ["no JSON", "{"],
  ["another record", '{"why":"measuring"}'],
  ["more bytes than a lock has", JSON.stringify({ reason: "r".repeat(5_000), sinceMs: 1 })],
])("a lock that cannot be read, %s, is a lock, and unlocking mends it", async (_, text) => {
  await writeFile(lockFile(), text);

  expect(await statusNow()).toMatchObject({
    lock: { reason: "the record of the lock cannot be read" },
  });
  await unlockUpdates(options);
  expect(await statusNow()).toMatchObject({ lock: null });
});

test("an agent that runs and does not answer is not passed over: it would not see the file", async () => {
  const held = await lockFolder(nodeFs, folder.path, processTable);

  await expect(lockUpdates(options)).rejects.toMatchObject({ code: "LOCKED" });
  await held.release();

  expect(await statusNow()).toMatchObject({ lock: null });
});

test("a folder of no device is not locked, and without an agent or a release that waits nothing is denied", async () => {
  const nowhere = { data: folder.inside("nowhere") };
  const denial = { ...options, slot: "main" };

  await expect(lockUpdates(nowhere)).rejects.toMatchObject({ code: "NOT_ENROLLED" });
  await expect(denyWaiting(denial)).rejects.toMatchObject({ code: "UNREACHABLE" });
  await using agent = await runningAgent(folder.path);
  await expect(denyWaiting(denial)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(agent.events).not.toContainEqual(expect.objectContaining({ event: "swap.denied" }));
});
