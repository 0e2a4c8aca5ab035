import { busLimits, formatTimestamp, type Sha256, sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes, seedSigner } from "../support/trust-fixtures.ts";

/** An order of the controller's that answers no hello. */
const unasked = { nonce: undefined };

/** Over a moment ago. */
const over = {
  issuedAt: formatTimestamp(fixtureTimes.nowMs - 2_000),
  expires: formatTimestamp(fixtureTimes.nowMs - 1_000),
};

const isActive = (rig: InstallRig, release: Sha256) =>
  eventually(() => rig.slot()?.active?.release === release);

test("on a first boot, an order that comes while the hello's answer is being taken is followed without another hello", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [first, second] = [rig.publish("1.0.0"), rig.publish("2.0.0")];
  await rig.start();

  rig.want(first);
  rig.want(second, unasked);

  await isActive(rig, second);
  expect(rig.refused).toEqual(["NOT_FRESH"]);
  expect(rig.state()?.seq).toBe(2);
});

test("on a first boot, an order that overtakes the hello's answer is followed after it", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [first, second] = [rig.publish("1.0.0"), rig.publish("2.0.0")];
  await rig.start();

  rig.want(second, { ...unasked, seq: 2 });
  await eventually(() => rig.refused.includes("NOT_FRESH"));
  rig.want(first, { seq: 1 });

  await isActive(rig, second);
  expect(rig.held).toEqual([1, 2]);
});

test("under a new online key, an order that overtakes the hello's answer is followed after it", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  rig.rotate({ online: seedSigner("online 2") });
  const [second, third] = [rig.publish("2.0.0"), rig.publish("3.0.0")];

  rig.want(third, { ...unasked, seq: 2, rootVersion: 2 });
  await eventually(() => rig.refused.includes("NOT_FRESH"));
  rig.want(second, { seq: 1, rootVersion: 2 });

  await isActive(rig, third);
  expect(rig.hellos).toContain("root adopted");
});

test("of several early orders only the newest is kept, and an answer newer than it makes an end of it", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [first, second, third] = ["1.0.0", "2.0.0", "3.0.0"].map((version) =>
    rig.publish(version),
  ) as [Sha256, Sha256, Sha256];
  await rig.start();
  for (const [release, seq] of [
    [second, 3],
    [third, 5],
    [first, 4],
  ] as const) {
    rig.want(release, { ...unasked, seq });
  }

  rig.want(first, { seq: 2 });
  await isActive(rig, third);
  expect(rig.held).toEqual([2, 5]);

  await rig.stop();
  await using later = installRig({ folder: folder.inside("later") });
  const answer = later.publish("4.0.0");
  await later.start();
  later.want(later.publish("1.0.0"), { ...unasked, seq: 3 });
  later.want(answer, { seq: 4 });
  await isActive(later, answer);
  expect(later.held).toEqual([4]);
  expect(later.refused.filter((code) => code === "ROLLBACK")).toEqual([]);
});

test("an early order under the answer's own number is two contents under one number, and told", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [first, second] = [rig.publish("1.0.0"), rig.publish("2.0.0")];
  await rig.start();

  rig.want(second, { ...unasked, seq: 2 });
  rig.want(first, { seq: 2 });

  await eventually(() => rig.refused.includes("EQUIVOCATION"));
  await isActive(rig, first);
});

for (const [what, changes, uptime] of [
  ["for another device", { device: "cam-2" }, 0],
  ["that is over", over, 0],
  ["under a clock nobody believes", {}, 6 * 365 * 86_400_000],
] as const) {
  test(`an early order ${what} is not kept`, async () => {
    await using folder = await temporaryFolder();
    await using rig = installRig({ folder: folder.path });
    const [first, second, third] = ["1.0.0", "2.0.0", "3.0.0"].map((version) =>
      rig.publish(version),
    ) as [Sha256, Sha256, Sha256];
    await rig.start();
    rig.time.nowMs += uptime;

    rig.want(second, { ...unasked, seq: 2, ...changes });
    rig.want(first, { seq: 1 });
    await isActive(rig, first);
    const told = rig.refused.length;
    // Whatever was kept would be judged again after this one.
    rig.want(third, { seq: 3 });
    await isActive(rig, third);

    expect(rig.held).toEqual([1, 3]);
    expect(rig.refused).toHaveLength(told);
  });
}

test("an early order by an online key that a root has since replaced is not kept, nor one kept from before that root", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [first, second, third] = ["1.0.0", "2.0.0", "3.0.0"].map((version) =>
    rig.publish(version),
  ) as [Sha256, Sha256, Sha256];
  await rig.start();
  const before = rig.want(second, { ...unasked, seq: 7 });
  await eventually(() => rig.refused.includes("NOT_FRESH"));
  rig.rotate({ online: seedSigner("online 2") });

  // Signed under the next root, it brings that one in; the order of the old key comes again while it is early.
  rig.want(first, { ...unasked, seq: 1, rootVersion: 2 });
  await eventually(() => rig.hellos.includes("root adopted"));
  rig.deliver(before);
  await eventually(() => rig.refused.includes("SIGNATURE"));
  rig.want(first, { seq: 2, rootVersion: 2 });
  await isActive(rig, first);
  rig.want(third, { seq: 3, rootVersion: 2 });
  await isActive(rig, third);

  expect(rig.held).toEqual([2, 3]);
  expect(rig.steps().join()).not.toContain("2.0.0");
});

test("an early order from long ago, played again to a device that lost its state, is dropped by the answer", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [old, now] = [rig.publish("1.0.0"), rig.publish("2.0.0")];
  await rig.start();

  for (const seq of [8, 9]) rig.want(old, { ...unasked, seq });
  rig.want(now, { seq: 10 });
  await isActive(rig, now);

  expect(rig.held).toEqual([10]);
  expect(rig.steps().join()).not.toContain("1.0.0");
});

test("an early order whose release cannot be had is judged like any other, and changes nothing", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const [first, third] = [rig.publish("1.0.0"), rig.publish("3.0.0")];
  const nowhere = sha256(Buffer.from("nowhere"));
  await rig.start();

  rig.want(nowhere, { ...unasked, seq: 5 });
  rig.want(first, { seq: 4 });
  await isActive(rig, first);
  await eventually(() => rig.steps().some((step) => step.includes("refused")));
  // Its number was not taken by it.
  rig.want(third, { seq: 5 });
  await isActive(rig, third);

  expect(rig.held).toEqual([4, 5]);
});

for (const [what, extraBytes] of [
  ["of the largest size is kept", 0],
  ["one byte larger is not", 1],
] as const) {
  test(`an early order ${what}`, async () => {
    await using folder = await temporaryFolder();
    await using rig = installRig({ folder: folder.path });
    const [first, second] = [rig.publish("1.0.0"), rig.publish("2.0.0")];
    await rig.start();
    const early = rig.want(second, { ...unasked, seq: 2 });
    const padded = Buffer.alloc(busLimits.desiredBytesMax + extraBytes, " ");
    padded.set(early);
    await rig.stop();
    await using later = installRig({ folder: folder.inside("later") });
    for (const version of ["1.0.0", "2.0.0"]) later.publish(version);
    await later.start();

    later.deliver(padded);
    later.want(first, { seq: 1 });
    if (extraBytes === 0) {
      await isActive(later, second);
    } else {
      await isActive(later, first);
      later.want(first, { seq: 3 });
    }

    await eventually(() => later.held.length === 2);
    expect(later.held).toEqual(extraBytes === 0 ? [1, 2] : [1, 3]);
  });
}
