import { expect, test } from "vitest";
import { startCrashAgent } from "../../../support/agent/crash-fs/crash-agent.ts";
import { crashFs } from "../../../support/agent/crash-fs/crash-fs.ts";
import { dataFolder } from "../../../support/agent/crash-fs/crash-world.ts";
import {
  changingCalls,
  type DiskFault,
  diskErrors,
  failingFs,
  shortWrites,
} from "../../../support/agent/crash-fs/failing-fs.ts";
import { faultWorld, runWithFaults } from "../../../support/agent/crash-fs/fault-workload.ts";

const world = await faultWorld();

/** How often each kind of call is made when nothing fails. */
async function countCalls() {
  let counts: ReturnType<ReturnType<typeof failingFs>["counts"]> = new Map();
  const wrong = await runWithFaults(world, (fs) => {
    const counting = failingFs(fs);
    counts = counting.counts();
    return counting;
  });
  expect(wrong).toEqual([]);
  return counts;
}

async function failures(faults: readonly DiskFault[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const fault of faults) {
    const found = await runWithFaults(world, (fs) => failingFs(fs, fault)).catch(
      (cause: unknown) => [`the agent does not start: ${String(cause)}`],
    );
    wrong.push(...found.map((text) => `${Object.values(fault).join(" ")}: ${text}`));
  }
  return wrong;
}

const counts = await countCalls();
const everyCall = changingCalls.flatMap((call) =>
  Array.from({ length: counts.get(call) ?? 0 }, (_, at) => ({ call, at })),
);

test.each(
  diskErrors,
)("F60: %s at any one call that changes the disk costs no serving model, and no install in the end", async (code) => {
  const faults = everyCall.map((call): DiskFault => ({ ...call, code, how: "once" }));

  expect(await failures(faults)).toEqual([]);
  console.info(`F60: ${code} once at each of ${faults.length} calls`);
});

test.each(
  diskErrors,
)("F60: %s at every call from any one on costs no serving model, and the disk may heal at any time", async (code) => {
  const faults = everyCall.map((call): DiskFault => ({ ...call, code, how: "lasting" }));

  expect(await failures(faults)).toEqual([]);
  console.info(`F60: ${code} from each of ${faults.length} calls on`);
});

test.each([
  1_000, 100,
])("F60: a disk that takes at most %i bytes at a time is written whole", async (bytesMax) => {
  const heal = () => undefined;

  expect(await runWithFaults(world, (fs) => ({ fs: shortWrites(fs, bytesMax), heal }))).toEqual([]);
});

test("F60: with the active file rotten and the disk read-only, the previous release serves, and the disk is told of it when it can be", async () => {
  const { world: fleet, start, plan } = world;
  const disk = crashFs(start, () => undefined);
  const first = await startCrashAgent(disk.fs, fleet);
  for (const { order } of plan) {
    first.deliver(order);
    await first.settle(2_000);
  }
  await first.stop();
  const [, previous, active] = plan;
  const [blob] = fleet.filesOf(active?.wanted ?? first.record.current().rootSha256);
  const rotten = failingFs(disk.fs, { call: "makeFolder", at: 0, code: "EROFS", how: "lasting" });
  const path = `${dataFolder}/blobs/${blob}`;
  const file = await disk.fs.open(path, { kind: "update" });
  await file.write(Buffer.from("rot"), 0);
  // The first folder the start makes is the one it tries the disk with.
  const agent = await startCrashAgent(rotten.fs, fleet);
  agent.setOnline(false);
  await agent.settle(2_000);
  const serving = agent.serving();
  const faults = agent.record.faults().map(({ code }) => code);
  rotten.heal();
  await agent.settle(2_000);
  await agent.stop();

  expect(serving).toBe(previous?.wanted);
  expect(faults).toEqual(["STORE_FAILED"]);
  expect(agent.record.faults()).toEqual([]);
  const slots = (await startCrashAgent(disk.fs, fleet)).record.current().slots;
  expect(slots).toMatchObject([{ active: { release: previous?.wanted }, previous: null }]);
});
