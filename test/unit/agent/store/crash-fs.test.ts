import { expect, test } from "vitest";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import { recoveryCheck } from "../../../support/agent/crash-fs/check-recovery.ts";
import { explore, type Run } from "../../../support/agent/crash-fs/explore.ts";
import {
  type Believed,
  type Recording,
  recordInstalls,
} from "../../../support/agent/crash-fs/install-workload.ts";
import {
  oneSlot,
  syncAfterRename,
  withoutFolderSync,
  withoutSync,
} from "../../../support/agent/crash-fs/lying-fs.ts";
import {
  checkOutbox,
  type Owed,
  recordOutbox,
} from "../../../support/agent/crash-fs/outbox-workload.ts";
import { recordRecovery } from "../../../support/agent/crash-fs/recovery-workload.ts";
import {
  checkUpdateLock,
  type Possible,
  recordUpdateLock,
} from "../../../support/agent/crash-fs/update-lock-workload.ts";

function exploreAll({ world, run }: Recording, violationsMax?: number) {
  return explore(run, {
    check: recoveryCheck(world),
    demands: ({ state, wanted }: Believed) => JSON.stringify([state, wanted]),
    ...(violationsMax === undefined ? {} : { violationsMax }),
  });
}

test("CrashFS explores every prefix of a full install with 0 violations", async () => {
  const recording = await recordInstalls();

  const { violations, ...explored } = await exploreAll(recording);

  expect(violations).toEqual([]);
  expect(explored.prefixes).toBe(recording.run.journal.length + 1);
  // Fewer would mean that the recording, or the model of the disk, has lost something.
  expect(explored.prefixes).toBeGreaterThan(90);
  expect(explored.distinct).toBeGreaterThan(500);
  console.info(`CrashFS: ${JSON.stringify(explored)}`);
});

test("a second power cut, in the start after the first, breaks nothing either", async () => {
  const recording = await recordInstalls();
  const cuts = recording.run.journal.flatMap((_, before) => (before % 15 === 8 ? [before] : []));
  let distinct = 0;

  for (const before of cuts) {
    const explored = await exploreAll(await recordRecovery(recording, before));
    expect(explored.violations).toEqual([]);
    distinct += explored.distinct;
  }

  expect(distinct).toBeGreaterThan(cuts.length * 10);
  console.info(`CrashFS, twice: ${cuts.length} starts, ${distinct} states`);
});

const lies: Readonly<Record<string, (fs: Fs) => Fs>> = {
  "never syncs a file": withoutSync,
  "never syncs a folder": withoutFolderSync,
  "has one state slot for two": oneSlot,
};

test.each(
  Object.entries(lies),
)("CrashFS finds what becomes of a store that %s", async (_, through) => {
  const explored = await exploreAll(await recordInstalls(through), 1);

  expect(explored.violations[0]?.text).toMatch(/^I\d/);
});

function exploreOutbox(run: Run<Owed>) {
  return explore(run, { check: checkOutbox, demands: (owed: Owed) => JSON.stringify(owed) });
}

test("CrashFS explores every prefix of an outbox's life with 0 violations", async () => {
  const { violations, ...explored } = await exploreOutbox(await recordOutbox());

  expect(violations).toEqual([]);
  expect(explored.distinct).toBeGreaterThan(150);
  console.info(`CrashFS, outbox: ${JSON.stringify(explored)}`);
});

test.each([
  ["never syncs a file", withoutSync, "not whole"],
  ["never syncs a folder", withoutFolderSync, "lost"],
  ["syncs a file after its rename", syncAfterRename, "not whole"],
])("CrashFS finds what becomes of an outbox that %s", async (_, through, wrong) => {
  const { violations } = await exploreOutbox(await recordOutbox(through));

  expect(violations.map(({ text }) => text)).toContainEqual(expect.stringMatching(wrong));
});

function exploreLock(run: Run<Possible>) {
  return explore(run, { check: checkUpdateLock, demands: (note: Possible) => note.join() });
}

test("CrashFS explores every prefix of locking and unlocking a device with 0 violations", async () => {
  const { violations, ...explored } = await exploreLock(await recordUpdateLock());

  expect(violations).toEqual([]);
  expect(explored.distinct).toBeGreaterThan(15);
  console.info(`CrashFS, update lock: ${JSON.stringify(explored)}`);
});

test.each([
  ["never syncs a file", withoutSync],
  ["never syncs a folder", withoutFolderSync],
])("CrashFS finds what becomes of an update lock that %s", async (_, through) => {
  const { violations } = await exploreLock(await recordUpdateLock(through));

  expect(violations).not.toEqual([]);
});
