import { runnerLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Pauses between restarts are real time. */
const patience = { withinMs: 20_000 };
const loadsOf = (rig: InstallRig, version: string) =>
  rig.host.loads.filter((loaded) => loaded === version).length;

test("S12: a release whose runner ends at its load is not started again, not by the same order and not by a restart", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.host.refusals.set("2.0.0", "RUNNER_CRASH");
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 refused RUNNER_CRASH"));

  await rig.stop();
  await rig.start();
  rig.want(second);
  await eventually(() => rig.state()?.seq === 3);
  await eventually(() => rig.serving()?.staged.release === first);

  expect(loadsOf(rig, "2.0.0")).toBe(1);
  expect(rig.state()?.blocked).toMatchObject([{ release: second, code: "RUNNER_CRASH" }]);
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
});

test("S12: a release whose runner ends at its first run is taken back and not started again", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 20_000;
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.serving()?.staged.release === second);
  rig.host.modelOf("2.0.0")?.crash();
  await eventually(() => rig.steps().includes("2.0.0 rolled-back RUNNER_CRASH"));

  await rig.stop();
  await rig.start();
  rig.want(second);
  await eventually(() => rig.state()?.seq === 3);
  await eventually(() => rig.serving()?.staged.release === first);

  expect(loadsOf(rig, "2.0.0")).toBe(1);
  expect(rig.state()?.blocked).toMatchObject([{ release: second, code: "RUNNER_CRASH" }]);
});

test("F48: a confirmed release whose runner ends again and again is restarted three times; then the one before serves, and it is blocked", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = await confirmed(rig, "2.0.0");

  for (let end = 1; end <= runnerLimits.restartsInRowMax; end++) {
    const crashed = rig.host.modelOf("2.0.0");
    crashed?.crash();
    await eventually(() => {
      expect(rig.serving()).not.toBe(crashed);
      expect(rig.serving()).toBe(rig.host.modelOf("2.0.0"));
    }, patience);
    expect(loadsOf(rig, "2.0.0")).toBe(1 + end);
  }
  rig.host.modelOf("2.0.0")?.crash();
  await eventually(() => rig.serving()?.staged.release === first);

  expect(loadsOf(rig, "2.0.0")).toBe(1 + runnerLimits.restartsInRowMax);
  await eventually(() => rig.steps().includes("2.0.0 rolled-back RUNNER_CRASH"));
  expect(rig.state()?.blocked).toMatchObject([{ release: second, code: "RUNNER_CRASH" }]);
});

test("a confirmed release that is alone and does not start is tried again for ever, after longer and longer pauses", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const only = await confirmed(rig, "1.0.0");
  await rig.stop();
  rig.host.refusals.set("1.0.0", "RUNNER_CRASH");
  await rig.start();

  await eventually(
    () => {
      rig.time.uptimeMs += 1_000;
      expect(loadsOf(rig, "1.0.0")).toBeGreaterThan(12);
    },
    { withinMs: 20_000 },
  );
  const beganMs = rig.time.uptimeMs;
  rig.host.refusals.clear();
  await eventually(() => {
    rig.time.uptimeMs += 1_000;
    expect(rig.serving()?.staged.release).toBe(only);
  });

  const inRow = rig.events.flatMap((event) => ("inRow" in event ? [event.inRow] : []));
  expect(inRow).toEqual(inRow.map((_, i) => i + 1));
  expect(rig.time.uptimeMs - beganMs).toBeLessThanOrEqual(2 * runnerLimits.restartDelayMsMax);
  expect(rig.slot()).toMatchObject({ active: { release: only }, previous: null });
});

test.each([
  "GOLDEN_MISMATCH",
  "NON_FINITE",
] as const)("F46: a release that fails its self-test with %s is refused, blocked and told, and the one before goes on", async (code) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const runner = rig.serving();
  rig.host.refusals.set("2.0.0", code);
  const second = rig.publish("2.0.0");

  rig.want(second);
  await eventually(() => rig.steps().includes(`2.0.0 refused ${code}`));

  expect(rig.state()?.blocked).toMatchObject([{ release: second, code }]);
  expect(rig.slots()).toMatchObject([
    { active: { release: first }, refused: [{ release: second, code }] },
  ]);
  expect(rig.serving()).toBe(runner);
});

test("F47: a release that hangs in preflight spends a start before it begins, and the one before answers meanwhile", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.host.hangs.add("2.0.0");

  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.host.loads.includes("2.0.0"));

  expect(rig.slot()?.trial?.attemptsLeft).toBe(2);
  expect((await rig.infer()).model.staged.release).toBe(first);
});
