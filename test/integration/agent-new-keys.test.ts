import { formatTimestamp, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  fixtureTimes,
  fleetKeys,
  keyTable,
  roleRule,
  rootDocument,
  seedSigner,
} from "../support/trust-fixtures.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const [onlineTwo, releaseTwo] = [seedSigner("online 2"), seedSigner("release 2")];

const isActive = (rig: InstallRig, release: Sha256) =>
  eventually(() => rig.slot()?.active?.release === release);
const times = (fromMs: number, lifeMs: number) => ({
  issuedAt: formatTimestamp(fromMs),
  expires: formatTimestamp(fromMs + lifeMs),
});

test("F23: an issuedAt in the year 9999 by a stolen online key is over with the next root", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const issuedAt = "9999-12-31T00:00:00Z";
  rig.want(first, { issuedAt, expires: "9999-12-31T23:59:59Z", nonce: undefined });
  await eventually(() => rig.state()?.timeFloorMs === Date.parse(issuedAt));

  rig.rotate({ online: onlineTwo });
  const second = rig.publish("2.0.0");
  rig.want(second, { seq: 1, rootVersion: 2 });
  await isActive(rig, second);
  rig.hello.nonce = null;
  const third = rig.publish("3.0.0");
  rig.want(third, { seq: 2, rootVersion: 2, nonce: undefined });

  await isActive(rig, third);
  expect(rig.state()?.timeFloorMs).toBeLessThan(fixtureTimes.expiresAtMs);
});

test("F24: a device that was off for three years walks five roots with all keys changed and updates; its model served at once", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  await rig.stop();
  for (let turn = 1; turn <= 5; turn += 1) {
    const named = (role: string) => seedSigner(`${role} of turn ${turn}`);
    const root = ["first root", "second root", "third root"].map(named);
    const keys = { root, release: named("release"), online: named("online") };
    // Every one but the last has expired when the device comes back.
    const issuedAtMs = fixtureTimes.issuedAtMs + turn * 0.6 * YEAR_MS;
    rig.rotate(keys, times(issuedAtMs, turn === 5 ? YEAR_MS : 100 * DAY_MS));
  }
  rig.time.nowMs += 3 * YEAR_MS;

  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  const second = rig.publish("2.0.0", { securityVersion: 0 });
  rig.want(second, { seq: 1, rootVersion: 6, ...times(rig.time.nowMs, DAY_MS) });
  await isActive(rig, second);

  expect(rig.state()).toMatchObject({ rootVersion: 6, seq: 1 });
  expect(rig.refused).toEqual([]);
});

test("the release before all keys were changed serves on after a restart, although nobody's signature of today is on it", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.rotate({ release: releaseTwo });
  rig.want(first, { rootVersion: 2 });
  await eventually(() => rig.state()?.seq === 2);
  await rig.stop();

  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  rig.want(first, { rootVersion: 2 });
  await eventually(() => rig.state()?.seq === 3);

  expect(rig.reported.filter(({ step }) => step === "refused")).toEqual([]);
});

test("under new release keys a release signed by the old ones is not installed, until it is signed again", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const old = rig.publish("2.0.0");
  rig.rotate({ release: releaseTwo });

  rig.want(old, { rootVersion: 2 });
  await eventually(() => rig.reported.some(({ code }) => code === "SIGNATURE"));
  const seqThen = rig.state()?.seq;
  const again = rig.publish("2.0.0");
  rig.want(again, { rootVersion: 2 });
  await isActive(rig, again);

  expect(again).toBe(old);
  expect(seqThen).toBe(1);
});

test("F26: a count driven to its end begins anew when all online keys are replaced, and not when one is added", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.want(first, { seq: Number.MAX_SAFE_INTEGER });
  await eventually(() => rig.state()?.seq === Number.MAX_SAFE_INTEGER);

  rig.rotate({ online: onlineTwo });
  const second = rig.publish("2.0.0");
  const old = rig.want(second, { seq: 1, rootVersion: 2 });
  await isActive(rig, second);
  const { root, release } = fleetKeys;
  rig.rotate(
    {},
    {
      keys: keyTable([...root, release, onlineTwo, seedSigner("online 3")]),
      roles: {
        ...rootDocument().roles,
        online: roleRule([onlineTwo, seedSigner("online 3")], 1),
      },
    },
  );
  const third = rig.publish("3.0.0");
  rig.want(third, { seq: 2, rootVersion: 3 });
  await isActive(rig, third);
  rig.deliver(old);
  await eventually(() => rig.refused.length > 0);

  expect(rig.refused).toEqual(["ROLLBACK"]);
  expect(rig.state()).toMatchObject({ rootVersion: 3, seq: 2 });
});

test("a revoked release gives way to the one before it, which is loaded first, and the refusal is told", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = await confirmed(rig, "2.0.0");
  rig.rotate({}, { revokedReleases: [second] });

  rig.want(second, { rootVersion: 2 });
  await eventually(() => rig.serving()?.staged.release === first);
  await eventually(() => rig.steps().includes("2.0.0 rolled-back REVOKED"));
  const answeredBy = (await rig.infer()).model.staged.release;
  await rig.stop();
  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);

  expect(answeredBy).toBe(first);
  expect(rig.slot()).toMatchObject({ active: { release: first }, previous: null });
  expect(rig.host.models.find(({ staged }) => staged.release === second)?.stopped()).toBe(true);
  expect(rig.reported.some(({ step, code }) => step === "refused" && code === "REVOKED")).toBe(
    true,
  );
});

test("a revoked release with none to take its place serves on, also after a restart, and says so", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.rotate({}, { revokedReleases: [first] });

  rig.want(first, { rootVersion: 2 });
  await eventually(() => rig.events.some(({ event }) => event === "release.revoked"));
  await eventually(() => rig.held.length === 2);
  await rig.stop();
  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);

  expect(rig.slots()).toMatchObject([
    { active: { release: first }, refused: [{ release: first, code: "REVOKED" }] },
  ]);
  const second = rig.publish("2.0.0");
  rig.want(second, { rootVersion: 2 });
  await isActive(rig, second);
});

test("a release before the revoked one that does not start leaves the revoked one serving", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const second = await confirmed(rig, "2.0.0");
  rig.host.refusals.set("1.0.0", "LOAD_FAILED");
  rig.rotate({}, { revokedReleases: [second] });

  rig.want(second, { rootVersion: 2 });
  await eventually(() => rig.events.some(({ event }) => event === "release.revoked"));

  expect((await rig.infer()).model.staged.release).toBe(second);
  expect(rig.events.map(({ event }) => event)).toContain("release.irreplaceable");
});

test("a trial that a new root revokes is rolled back before it is confirmed", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 20_000;
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.serving()?.staged.release === second);
  rig.rotate({}, { revokedReleases: [second] });

  rig.want(first, { rootVersion: 2 });

  await eventually(() => rig.steps().includes("2.0.0 rolled-back REVOKED"));
  await eventually(() => rig.serving()?.staged.release === first);
});
