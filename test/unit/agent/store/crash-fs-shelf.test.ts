import { expect, test } from "vitest";
import { explore, type Run } from "../../../support/agent/crash-fs/explore.ts";
import { withoutSync } from "../../../support/agent/crash-fs/lying-fs.ts";
import {
  checkShelf,
  type Owing,
  recordShelf,
} from "../../../support/agent/crash-fs/shelf-workload.ts";

const demands = (owing: Owing) => JSON.stringify(owing);

function exploreShelf(run: Run<Owing>) {
  return explore(run, { check: (state) => checkShelf(state), demands });
}

test("T26: in every state that a power cut leaves of shelf and outbox, each closed window is there exactly once", async () => {
  const { violations, ...explored } = await exploreShelf(await recordShelf());

  expect(violations).toEqual([]);
  // Fewer would mean that the recording, or the model of the disk, has lost something.
  expect(explored.distinct).toBeGreaterThan(80);
  console.info(`CrashFS, shelf: ${JSON.stringify(explored)}`);
});

test("CrashFS finds what becomes of a shelf that never syncs a file", async () => {
  const { violations } = await exploreShelf(await recordShelf(withoutSync));

  expect(violations.map(({ text }) => text)).toContainEqual(expect.stringMatching("lost"));
});

test("CrashFS finds the windows that a start which does not look has twice", async () => {
  const { violations } = await explore(await recordShelf(), {
    check: (state) => checkShelf(state, () => Promise.resolve()),
    demands,
  });

  expect(violations.map(({ text }) => text)).toContainEqual(expect.stringMatching("twice"));
});
