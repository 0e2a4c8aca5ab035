import { expect, test } from "vitest";
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
