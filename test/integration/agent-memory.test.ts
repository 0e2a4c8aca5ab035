import type { Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Each runner takes 100 MiB of a device that has so much beside the reserve of 64 MiB; a new one is expected to take 41. */
function short(rig: InstallRig, spareMiB: number): void {
  rig.host.taking.modelMiB = 100;
  rig.device.memoryAvailableMiB = 64 + spareMiB;
}

const resource = { changes: { swap: { memory: "resource" } } } as const;

test("S13: a release that does not fit beside what runs is refused before a byte of it is asked for, and nothing changes", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 140);
  const first = await confirmed(rig, "1.0.0");
  const asked = rig.source.asked.length;

  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.steps().includes("2.0.0 refused INSUFFICIENT_MEMORY"));

  expect(rig.source.asked).toHaveLength(asked);
  expect(rig.host.loads).toEqual(["1.0.0"]);
  expect(rig.host.modelOf("1.0.0")?.stopped()).toBe(false);
  expect(rig.serving()?.staged.release).toBe(first);
  expect(rig.reported.at(-1)?.detail).toBe(
    "expected 41 MiB of memory for its runner, got 40 MiB beside what runs; it would fit if the release that runs were stopped first",
  );
});

test("S13: a release made for a gap stops the one before, and tells how long nobody answered", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 140);
  await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0", resource);
  const loads = Promise.withResolvers<undefined>();
  rig.host.pauses.set("2.0.0", loads.promise);

  rig.want(second);
  await eventually(() => rig.host.loads.includes("2.0.0"));
  const wasStoppedFirst = rig.host.modelOf("1.0.0")?.stopped();
  loads.resolve(undefined);
  await eventually(() => rig.slot()?.active?.release === second);

  expect(wasStoppedFirst).toBe(true);
  const [gap] = rig.gaps() ?? [];
  expect(gap).toMatchObject({ slot: "main", release: second });
  const activated = rig.reported.find(
    (item) => item.release === second && item.step === "activated",
  );
  expect(activated?.detail).toBe(
    `nobody answered for ${gap?.gapMs} ms, for want of memory for two releases at once`,
  );
  expect(rig.events).toContainEqual(expect.objectContaining({ event: "swap.gap", ...gap }));
});

test("a release made for a gap, where both fit, makes none", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 300);
  await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 5_000;

  const second = rig.publish("2.0.0", resource);
  rig.want(second);
  await eventually(() => rig.serving()?.staged.release === second);

  expect(rig.host.modelOf("1.0.0")?.stopped()).toBe(false);
  expect(rig.gaps()).toEqual([]);
});

test("S13: when the release that a gap was made for is refused, the one before comes back from disk", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 140);
  const first = await confirmed(rig, "1.0.0");
  rig.host.refusals.set("2.0.0", "LOAD_FAILED");

  rig.want(rig.publish("2.0.0", resource));
  await eventually(() => rig.steps().includes("2.0.0 refused LOAD_FAILED"));

  expect(rig.serving()?.staged.release).toBe(first);
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
  expect(rig.reported.at(-1)?.detail).toMatch(
    /^nobody answered for \d+ ms, .*steered: LOAD_FAILED$/,
  );
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
  expect((await rig.infer()).model.staged.release).toBe(first);
});

test("another wish in the gap brings the one before back at once", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 140);
  const first = await confirmed(rig, "1.0.0");
  rig.host.hangs.add("2.0.0");
  rig.want(rig.publish("2.0.0", resource));
  await eventually(() => rig.host.loads.includes("2.0.0"));

  rig.want(first);

  await eventually(() => rig.serving()?.staged.release === first);
  await eventually(() => rig.slot()?.trial === null);
  expect(rig.gaps()).toHaveLength(1);
});

test("another wish before the gap, while the files of a release are looked at, stops nothing", async () => {
  await using folder = await temporaryFolder();
  const before: { release?: Sha256 } = {};
  const heard = () => {
    const { step } = rig.events.at(-1) as { readonly step?: string };
    if (step !== "swap-in-place") return;
    queueMicrotask(() => before.release !== undefined && rig.want(before.release));
  };
  await using rig: InstallRig = installRig({ folder: folder.path, heard });
  short(rig, 140);
  before.release = await confirmed(rig, "1.0.0");
  rig.want(rig.publish("2.0.0", resource));

  await eventually(() => expect(rig.events).toContainEqual(swapBegan));
  await eventually(() => rig.slot()?.trial === null);

  expect(rig.host.loads).toEqual(["1.0.0"]);
  expect(rig.host.modelOf("1.0.0")?.stopped()).toBe(false);
  expect(rig.events.map(({ event }) => event)).not.toContain("swap.gap-began");
});

const swapBegan = expect.objectContaining({ step: "swap-in-place" }) as unknown;

test("an agent that is killed in the gap starts with the release before, which needs nobody", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 140);
  const first = await confirmed(rig, "1.0.0");
  rig.host.hangs.add("2.0.0");
  const second = rig.publish("2.0.0", resource);
  rig.want(second);
  await eventually(() => rig.host.loads.includes("2.0.0"));
  await rig.stop();

  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  await eventually(() => rig.host.loads.filter((version) => version === "2.0.0").length === 2);

  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0", "1.0.0", "2.0.0"]);
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: { release: second } });
});

test("the release before is kept warm while the new one is on trial only where memory allows; rolled back, it starts from disk", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  short(rig, 150);
  const first = await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 5_000;
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.serving()?.staged.release === second);
  const loads = rig.host.loads.length;

  await eventually(() => rig.host.modelOf("1.0.0")?.stopped() === true);
  rig.host.modelOf("2.0.0")?.crash();
  await eventually(() => rig.serving()?.staged.release === first);

  expect(rig.host.loads.slice(loads)).toEqual(["1.0.0"]);
  expect(rig.events.map(({ event }) => event)).toContain("swap.standby-stopped");
});

test("the budget of the operator counts what the runners of all slots take", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path, memoryMiB: 140 });
  rig.host.taking.modelMiB = 100;
  await confirmed(rig, "1.0.0");

  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.steps().includes("2.0.0 refused INSUFFICIENT_MEMORY"));
  rig.want(rig.publish("3.0.0", resource));

  await eventually(() => rig.slot()?.active?.version === "3.0.0");
  expect(rig.gaps()).toHaveLength(1);
});
