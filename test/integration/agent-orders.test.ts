import { readdir } from "node:fs/promises";
import { formatTimestamp, ModelName, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const isActive = (rig: InstallRig, release: Sha256) =>
  eventually(() => rig.slot()?.active?.release === release);
const isRefused = (rig: InstallRig, code: string) => eventually(() => rig.refused.includes(code));
const answeredBy = async (rig: InstallRig) => (await rig.infer()).model.staged.release;

test("F15: an old document is refused, the same one again changes nothing, and other bytes under its number are told", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = rig.publish("1.0.0");
  await rig.start();
  const old = rig.want(first);
  await isActive(rig, first);
  const same = rig.want(first);
  await eventually(() => rig.state()?.seq === 2);
  const before = rig.state();
  const other = rig.publish("9.0.0");

  rig.deliver(old);
  await isRefused(rig, "ROLLBACK");
  rig.deliver(same);
  rig.want(other, { seq: 2 });
  await isRefused(rig, "EQUIVOCATION");

  expect(rig.refused).toEqual(["ROLLBACK", "EQUIVOCATION"]);
  expect(rig.watch.condition().lastRefusal?.code).toBe("EQUIVOCATION");
  expect(rig.state()).toEqual(before);
  expect(await answeredBy(rig)).toBe(first);
});

test("F16: an operator goes back to an older version of the same security version", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0", 2);
  await confirmed(rig, "2.0.0", 2);

  rig.want(first);

  await isActive(rig, first);
});

test("F17: a release under the floor of a confirmed one is refused and the document not accepted", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const second = await confirmed(rig, "2.0.0", 5);

  rig.want(rig.publish("1.0.0", { securityVersion: 4 }));
  await eventually(() => rig.reported.some(({ code }) => code === "FLOOR"));

  expect(rig.state()?.seq).toBe(1);
  expect(await answeredBy(rig)).toBe(second);
});

test("F18: a trial with a higher security version that fails leaves the way back open", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const low = rig.publish("1.1.0", { securityVersion: 1 });
  await confirmed(rig, "1.0.0", 1);
  rig.rules.confirmMs = 20_000;
  const high = rig.publish("2.0.0", { securityVersion: 9 });
  rig.want(high);
  await eventually(() => rig.serving()?.staged.release === high);
  rig.host.modelOf("2.0.0")?.crash();
  await eventually(() => rig.steps().includes("2.0.0 rolled-back RUNNER_CRASH"));

  rig.rules.confirmMs = 60;
  rig.want(low);

  await isActive(rig, low);
  expect(rig.state()?.floors).toEqual([{ model: "digits", securityVersion: 1 }]);
});

test.each([
  ["document", 8 * DAY_MS, {}],
  ["root", YEAR_MS, { issuedAt: YEAR_MS - DAY_MS, expires: YEAR_MS + DAY_MS }],
  ["document and an expired root", YEAR_MS, {}],
])("F19: an expired %s is refused, and inference goes on", async (_, laterMs, life) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.hello.nonce = null;
  rig.time.nowMs += laterMs;
  const moments = Object.entries(life).map(([name, ms]) => [
    name,
    formatTimestamp(fixtureTimes.issuedAtMs + ms),
  ]);
  const before = rig.state();

  rig.want(rig.publish("2.0.0"), { nonce: undefined, ...Object.fromEntries(moments) });
  await isRefused(rig, "EXPIRED");

  expect(rig.state()).toEqual(before);
  expect(rig.source.rootsAsked).toEqual([2]);
  expect(await answeredBy(rig)).toBe(first);
});

test.each([
  ["1970", 0],
  ["2099", Date.parse("2099-01-01T00:00:00Z")],
])("F20: with a clock in %s only an answer to the device's own hello is followed, and it is", async (_, nowMs) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  rig.time.nowMs = nowMs;
  const second = rig.publish("2.0.0");

  rig.want(second, { nonce: undefined });
  await isRefused(rig, "NOT_FRESH");
  rig.want(second);
  await isActive(rig, second);

  expect(rig.hellos).toEqual(["needed"]);
});

test("F20: a clock that jumps back two years in mid-install stops neither that install nor the next fresh word", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const goOn = rig.source.holdDownloads();
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 downloading"));

  rig.time.nowMs -= 2 * YEAR_MS;
  goOn();
  await isActive(rig, second);
  const third = rig.publish("3.0.0");
  rig.want(third);

  await isActive(rig, third);
});

test("F21: an order that expires during its download is completed", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const goOn = rig.source.holdDownloads();
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 downloading"));

  rig.time.nowMs += 30 * DAY_MS;
  goOn();

  await isActive(rig, second);
});

test("F22: the same document replayed for 30 days makes the device stale at 14, and its model runs", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = rig.publish("1.0.0");
  await rig.start();
  const replayed = rig.want(release);
  await isActive(rig, release);
  const stale: boolean[] = [];

  for (let day = 1; day <= 30; day += 1) {
    rig.time.uptimeMs += DAY_MS;
    rig.deliver(replayed);
    stale.push(rig.watch.isStale());
  }
  const answered = await answeredBy(rig);
  rig.want(release);
  await eventually(() => !rig.watch.isStale());

  expect(stale.indexOf(true) + 1).toBe(14);
  expect(stale.slice(13)).not.toContain(false);
  expect(answered).toBe(release);
});

test("a document that answers no hello is followed, and makes nothing fresh", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  rig.time.uptimeMs += 14 * DAY_MS;
  const second = rig.publish("2.0.0");

  rig.want(second, { nonce: undefined });
  await isActive(rig, second);

  expect(rig.watch.condition()).toEqual({ stale: true });
});

const bad = {
  FLOOR: { securityVersion: 0 },
  INCOMPATIBLE_TARGET: {
    compat: { classes: ["other"], runtime: "onnxruntime>=1.20", minMemoryMiB: 8 },
  },
  SIGNATURE: { model: ModelName.parse("other.model") },
  DIGEST: { digest: "0".repeat(64) },
} as const;

test.each(
  Object.entries(bad),
)("F25: of two models, the second of which is refused for %s, neither changes", async (code, changes) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const running = await confirmed(rig, "1.0.0", 1);
  const before = rig.state();
  const named = (slot: string, release: Sha256) => {
    const size = rig.source.releases.get(release)?.length;
    return { slot, model: "digits", release, size, activate: "now" };
  };
  const [good, spoiled] = [rig.publish("2.0.0"), rig.publish("3.0.0", { changes })];

  rig.want(good, { models: [named("main", good), named("side", spoiled)] });
  await eventually(() => rig.reported.some((item) => item.release === spoiled));

  expect(rig.reported.at(-1)).toMatchObject({ slot: "side", step: "refused" });
  expect([code, "SIGNATURE"]).toContain(rig.reported.at(-1)?.code);
  expect(rig.state()).toEqual(before);
  expect(await answeredBy(rig)).toBe(running);
  expect(rig.source.asked).toHaveLength(1);
});

test.each([
  ["DEVICE", { device: "cam-0018" }],
  ["FLEET", { fleet: "11111111-2222-4333-8444-555555555555" }],
])("F32: a document for another %s is refused", async (code, changes) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const before = rig.state();

  rig.want(rig.publish("2.0.0"), changes);
  await isRefused(rig, code);

  expect(rig.state()).toEqual(before);
  expect(await answeredBy(rig)).toBe(first);
});

test("F34: another release under the digest that was ordered is refused", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const [ordered, other] = [rig.publish("2.0.0"), rig.publish("2.0.1")];
  rig.source.releases.set(ordered, rig.source.releases.get(other) ?? new Uint8Array());

  rig.want(ordered);
  await eventually(() => rig.reported.some(({ code }) => code === "DIGEST"));

  expect(rig.state()?.seq).toBe(1);
  expect(await answeredBy(rig)).toBe(first);
  expect(await readdir(folder.inside("docs"))).not.toContain(`${ordered}.json`);
});

test.each([
  -1, 1,
])("a release envelope of another size (%i) than was ordered is refused", async (more) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = rig.publish("1.0.0");
  await rig.start();
  const size = (rig.source.releases.get(release)?.length ?? 0) + more;

  rig.want(release, {
    models: [{ slot: "main", model: "digits", release, size, activate: "now" }],
  });
  await eventually(() => rig.reported.some(({ code }) => code === "FORMAT"));

  expect(rig.state()?.seq).toBe(0);
});

test("F35: files that no release lists are never asked for and never written", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const extra = "e".repeat(64);
  rig.source.blobs.set(extra, Buffer.from("beside the listed ones"));

  const release = await confirmed(rig, "1.0.0");

  const document = rig.host.modelOf("1.0.0")?.staged.document;
  expect(await readdir(folder.inside("blobs"))).toEqual(
    document?.files.map(({ sha256 }) => sha256),
  );
  expect(rig.source.asked.some((line) => line.startsWith(extra))).toBe(false);
  expect(await readdir(folder.inside("docs"))).toContain(`${release}.json`);
});
