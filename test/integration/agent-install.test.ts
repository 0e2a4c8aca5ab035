import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { confirmed, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const honest = [
  "accepted",
  "downloading",
  "downloaded",
  "loading",
  "golden",
  "activated",
  "confirmed",
];

test("a first release is fetched, proven, activated and confirmed, and every step is told", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = rig.publish("1.0.0");
  await rig.start();

  rig.want(release);

  await eventually(() => rig.slot()?.active?.release === release);
  await eventually(() => expect(rig.steps()).toEqual(honest.map((step) => `1.0.0 ${step}`)));
  expect(rig.serving()?.staged.release).toBe(release);
});

test("the old release answers while the new one is fetched, and is kept as the previous one", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const release = rig.source.holdDownloads();
  const second = rig.publish("2.0.0");

  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 downloading"));
  const answeredBy = (await rig.infer()).model.staged.release;
  release();
  await eventually(() => rig.slot()?.active?.release === second);

  expect(answeredBy).toBe(first);
  expect(rig.slot()?.previous?.release).toBe(first);
  await eventually(() => rig.host.modelOf("1.0.0")?.stopped() === true);
});

test("a release that fails its golden cases is refused, and is not tried again by a newly signed document", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.host.refusals.set("2.0.0", "GOLDEN_MISMATCH");
  const second = rig.publish("2.0.0");

  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 refused GOLDEN_MISMATCH"));
  rig.want(second);
  await eventually(() => rig.state()?.seq === 3);

  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
  expect(rig.serving()?.staged.release).toBe(first);
});

test("a refused release is tried again after something else was wanted in between", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.host.refusals.set("2.0.0", "GOLDEN_MISMATCH");
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 refused GOLDEN_MISMATCH"));

  rig.want(first);
  await eventually(() => rig.state()?.blocked.length === 0);
  rig.host.refusals.clear();
  rig.want(second);

  await eventually(() => rig.slot()?.active?.release === second);
});

test("a killed agent serves the confirmed release again without asking anybody", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  await rig.stop();
  rig.source.releases.clear();
  rig.source.blobs.clear();

  await rig.start();

  await eventually(() => rig.serving()?.staged.release === first);
});

test("a download that was cut off by a restart goes on where it stopped", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  rig.source.holdDownloads();
  const release = rig.publish("1.0.0", { bytes: 10_000 });
  await rig.start();
  rig.want(release);
  await eventually(() => rig.source.asked.length === 1);
  await rig.stop();

  rig.source.holdDownloads()();
  await rig.start();

  await eventually(() => rig.slot()?.active?.release === release);
  expect(rig.source.asked.map((line) => line.split(" ")[2])).toEqual(["0", "5000"]);
});

test("a newer document ends the download of what is no longer wanted", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const goOn = rig.source.holdDownloads();
  const first = rig.publish("1.0.0");
  const second = rig.publish("2.0.0");
  await rig.start();
  rig.want(first);
  await eventually(() => rig.source.asked.length === 1);

  rig.want(second);
  await eventually(() => rig.source.asked.length === 2);
  goOn();

  await eventually(() => rig.slot()?.active?.release === second);
  expect(rig.host.loads).toEqual(["2.0.0"]);
});

test("a newer document ends a load under way, which costs the release no attempt", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  rig.host.hangs.add("1.0.0");
  const first = rig.publish("1.0.0");
  const second = rig.publish("2.0.0");
  await rig.start();
  rig.want(first);
  await eventually(() => rig.host.loads.length === 1);

  rig.want(second);

  await eventually(() => rig.slot()?.active?.release === second);
  expect(rig.steps()).not.toContain("1.0.0 refused RUNNER_CRASH");
});

test("F37: a model file that went bad on disk is never loaded: the previous release serves and the file is fetched again", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = await confirmed(rig, "2.0.0");
  const served: (string | undefined)[] = [];
  const blob = rig.host.modelOf("2.0.0")?.staged.files.get("model.onnx") ?? "";
  await rig.stop();
  await chmod(blob, 0o644);
  await writeFile(blob, Buffer.alloc(3_000, "bad"));
  const goOn = rig.source.holdDownloads();

  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  served.push(rig.serving()?.staged.document.version);
  goOn();
  await eventually(() => rig.slot()?.active?.release === second);

  expect(served).toEqual(["1.0.0"]);
});

test("a runner of the confirmed release that ends is started again", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const before = rig.host.modelOf("1.0.0");

  before?.crash();

  await eventually(() => {
    expect(rig.serving()).not.toBe(before);
    expect(rig.serving()?.staged.document.version).toBe("1.0.0");
  });
});

test("an old or foreign document changes nothing", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = rig.publish("1.0.0");
  await rig.start();
  const old = rig.want(first);
  await eventually(() => rig.slot()?.active?.release === first);
  const second = await confirmed(rig, "2.0.0");

  rig.deliver(old);
  rig.deliver(new TextEncoder().encode("{}"));
  await eventually(() => rig.events.some(({ event }) => event === "desired.refused"));

  expect(rig.slot()?.active?.release).toBe(second);
});

test("a document that changes nothing is told to be held, once", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = await confirmed(rig, "1.0.0");
  await eventually(() => rig.steps().includes("1.0.0 confirmed"));
  const steps = rig.steps();

  const same = rig.want(release);
  await eventually(() => expect(rig.held).toEqual([1, 2]));
  rig.deliver(same);
  rig.want(release);

  await eventually(() => expect(rig.held).toEqual([1, 2, 3]));
  expect(rig.steps()).toEqual(steps);
});

test("of two documents that come in the wrong order the newer is followed", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const second = rig.publish("2.0.0");

  const older = rig.want(first);
  const newer = rig.want(second);
  await eventually(() => rig.slot()?.active?.release === second);
  await rig.stop();
  await rig.start();
  const third = rig.publish("3.0.0");
  rig.deliver(rig.want(third));
  rig.deliver(older);
  rig.deliver(newer);
  rig.deliver(new TextEncoder().encode("{}"));

  await eventually(() => rig.slot()?.active?.release === third);
});

test("a document of an accepted release that is lost and cannot be had again is told as a refusal", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await rig.start();
  rig.source.holdDownloads();
  const release = rig.publish("1.0.0");
  rig.want(release);
  await eventually(() => rig.steps().includes("1.0.0 downloading"));
  await rig.stop();
  await rm(folder.inside("docs", `${release}.json`));
  rig.source.releases.clear();

  await rig.start();

  await eventually(() => rig.steps().includes("0.0.0 refused DOWNLOAD_FAILED"));
});

test("only active, previous and wanted files stay on disk", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  for (const version of ["1.0.0", "2.0.0", "3.0.0"]) await confirmed(rig, version);

  await eventually(async () => {
    expect(await readdir(folder.inside("blobs"))).toHaveLength(2);
    expect(await readdir(folder.inside("partial"))).toEqual([]);
  });
});
