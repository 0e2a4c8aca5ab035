import { documentLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { confirmed, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { seedSigner, signDocument } from "../support/trust-fixtures.ts";

test("a newer root that the online key names is asked for again although nobody says it again; one that forged documents only seem to need is not", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.deliver(signDocument({ type: "desired" }, [seedSigner("forger")]));
  await eventually(() => rig.refused.includes("SIGNATURE"));
  rig.time.uptimeMs += documentLimits.rootWalkPauseMsMax;
  rig.want(first);
  await eventually(() => rig.state()?.seq === 2);
  expect(rig.source.rootsAsked).toEqual([2]);

  rig.want(first, { rootVersion: 2 });
  await eventually(() => rig.source.rootsAsked.length === 2);
  rig.rotate();
  // The pause before it is asked for again begins when the answer is there, whenever that is.
  await eventually(() => {
    rig.time.uptimeMs += documentLimits.rootWalkPauseMsMax;
    rig.want(first);
    return rig.state()?.rootVersion === 2;
  });
});

test("a release whose files were on their way when its keys were replaced is not begun with, until it is signed again", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0");
  const goOn = rig.source.holdDownloads();
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 downloading"));

  rig.rotate({ release: seedSigner("release 2") });
  rig.deliver(signDocument({ type: "desired" }, [seedSigner("forger")]));
  rig.want(first, { rootVersion: 2, seq: 1 });
  await eventually(() => rig.state()?.rootVersion === 2);
  goOn();
  await eventually(() => rig.reported.some(({ code }) => code === "SIGNATURE"));

  expect(rig.slot()).toMatchObject({ trial: null, active: { release: first } });
  expect(rig.steps().some((step) => step.startsWith("2.0.0 loading"))).toBe(false);
});

test("an order that the replaced online key signed is forgotten, also while its files are on their way", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const goOn = rig.source.holdDownloads();
  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.steps().includes("2.0.0 downloading"));

  rig.rotate({ online: seedSigner("online 2") });
  rig.want(first, { rootVersion: 2, nonce: undefined });
  goOn();
  await eventually(() => rig.state()?.rootVersion === 2);
  for (let round = 1; round <= 3; round += 1) {
    const before = rig.refused.length;
    rig.deliver(signDocument({ type: "desired" }, [seedSigner(`forger ${round}`)]));
    await eventually(() => rig.refused.length > before);
  }

  expect(rig.steps()).not.toContain("2.0.0 loading");
  expect(rig.slot()).toMatchObject({ trial: null, active: { release: first } });
});

test("a release that will not start does not make room for a revoked one", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = await confirmed(rig, "2.0.0");
  rig.rotate({}, { revokedReleases: [first] });
  rig.want(second, { rootVersion: 2 });
  await eventually(() => rig.state()?.rootVersion === 2);
  await rig.stop();
  rig.host.refusals.set("2.0.0", "DIGEST");
  rig.host.loads.length = 0;

  await rig.start();
  await eventually(() => rig.slot()?.active?.release !== second);

  expect(rig.slot()?.active ?? null).toBeNull();
  expect(rig.host.loads).not.toContain("1.0.0");
});
