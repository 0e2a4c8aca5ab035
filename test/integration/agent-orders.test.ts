import { readdir } from "node:fs/promises";
import { ModelName, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { admit } from "../../agent/src/domain/install/admit.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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

const compat = { classes: ["cam-v2"], runtime: "onnxruntime>=1.20", minMemoryMiB: 8 };
const unfit: readonly (readonly [string, object, string])[] = [
  ["for another class", { compat: { ...compat, classes: ["cam-v3"] } }, "INCOMPATIBLE_TARGET"],
  [
    "for a newer runtime",
    { compat: { ...compat, runtime: "onnxruntime>=9.0" } },
    "UNSUPPORTED_RUNTIME",
  ],
  ["for another runtime", { compat: { ...compat, runtime: "tfjs>=4.0" } }, "UNSUPPORTED_RUNTIME"],
  ["of a newer operator set", { compat: { ...compat, opset: 24 } }, "UNSUPPORTED_OPSET"],
  ["of an unknown format", { format: "tflite" }, "FORMAT"],
  ["of a later specification", { spec: 2 }, "FORMAT"],
];

test.each(
  unfit,
)("F33: a release %s is refused before any of its files is asked for", async (_, changes, code) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path, admit });
  const first = rig.publish("1.0.0", { changes: { compat } });
  await rig.start();
  rig.want(first);
  await isActive(rig, first);
  const asked = rig.source.asked.length;
  const like = rig.host.modelOf("1.0.0")?.staged.document;
  const second = rig.publishUnchecked("2.0.0", { ...like, version: "2.0.0", compat, ...changes });

  rig.want(second);
  await eventually(() =>
    rig.reported.some((item) => item.release === second && item.code === code),
  );

  expect(rig.source.asked).toHaveLength(asked);
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
