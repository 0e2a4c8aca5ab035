import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shadow = { sharePercent: 100, comparisons: 10, maxMs: 60_000 };
const canary = { weightPercent: 50, answers: 10, maxMs: 60_000 };

test("a release goes from shadow to canary to active, each told with what it found", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0", { changes: { swap: { shadow, canary } } });
  await using traffic = steadyTraffic(rig);

  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 confirmed"));

  expect(
    rig
      .steps()
      .filter((step) => step.startsWith("2.0.0"))
      .slice(-5),
  ).toEqual([
    "2.0.0 golden",
    "2.0.0 shadowed",
    "2.0.0 canaried",
    "2.0.0 activated",
    "2.0.0 confirmed",
  ]);
  const detailOf = (step: string) => rig.reported.find((item) => item.step === step)?.detail;
  expect(detailOf("shadowed")).toMatch(/^shadow: 1\d of 1\d agree, largest difference 0,/);
  expect(detailOf("shadowed")).not.toMatch(/canary/);
  expect(detailOf("canaried")).toMatch(/; canary: 10 of 10 answered, 0 not finite, beside \d+ of/);
  expect(await traffic.failed()).toBe(0);
});

test.each([
  ["shadow", { shadow: { ...shadow, comparisons: 100_000 } }, "shadowed"],
  ["canary", { canary: { ...canary, answers: 100_000 } }, "canaried"],
])("a release that fails as a %s is refused for it, is not tried again, and no request is lost", async (_, swap, stage) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0", { changes: { swap } });
  rig.want(second);
  await eventually(() => rig.host.modelOf("2.0.0") !== undefined);
  await using traffic = steadyTraffic(rig);
  await eventually(() => traffic.answered() > 20);

  rig.host.modelOf("2.0.0")?.crash();
  await eventually(() => rig.steps().includes("2.0.0 refused REHEARSAL_FAILED"));

  expect(rig.steps()).toContain(`2.0.0 ${stage}`);
  expect(rig.steps()).not.toContain("2.0.0 activated");
  expect(rig.serving()?.staged.release).toBe(first);
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
  expect(rig.state()?.blocked).toMatchObject([{ release: second, code: "REHEARSAL_FAILED" }]);
  expect(rig.host.loads.filter((version) => version === "2.0.0")).toHaveLength(1);
  expect(await traffic.failed()).toBe(0);
});

/** One application that asks as fast as it is answered. */
function steadyTraffic(rig: InstallRig) {
  let [answered, failed, isOver] = [0, 0, false];
  const done = (async () => {
    while (!isOver) {
      await rig.infer().then(
        () => {
          answered += 1;
        },
        () => {
          failed += 1;
        },
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const stop = async () => {
    isOver = true;
    await done;
  };
  return {
    answered: () => answered,
    failed: async () => {
      await stop();
      return failed;
    },
    [Symbol.asyncDispose]: stop,
  };
}
