import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { captureLimits } from "@modelfleet/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { captureFolder } from "../../agent/src/adapters/file-store/capture-folder.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { sweepCaptures } from "../../agent/src/app/capture/capture-sweep.ts";
import { createWriter } from "../../agent/src/open-data-folder.ts";
import { faultyFs } from "../support/agent/faulty-fs.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const name = "1800000000000-3600000-00112233aabbccdd.mfcap";
const capture = { policy: "retrain", name };

let data: TemporaryFolder;
beforeEach(async () => {
  data = await temporaryFolder();
  return () => data[Symbol.asyncDispose]();
});

function openFolder(fs = nodeFs) {
  return captureFolder({ fs, folder: data.path, write: createWriter(fs) });
}

test("a folder without captures says so: no consent, nothing written today, no files", async () => {
  const store = openFolder();

  expect(await store.consent()).toBeNull();
  expect(await store.ledger()).toEqual({ day: 0, bytes: {} });
  expect(await store.list()).toEqual([]);
  await store.removeConsent();
  await store.remove(capture);
  expect(await readdir(data.path)).toEqual([]);
});

test("captures, consent and ledger are their owner's alone, and come back as they were put", async () => {
  const store = openFolder();
  await store.keepConsent({ policies: ["retrain"] });
  await store.keepLedger({ day: 20_000, bytes: { retrain: 7 } });
  await store.put(capture, Buffer.from("sealed"));

  expect(await store.consent()).toEqual({ policies: ["retrain"] });
  expect(await store.ledger()).toEqual({ day: 20_000, bytes: { retrain: 7 } });
  expect(await store.list()).toEqual([capture]);
  const root = data.inside("capture");
  for (const [path, mode] of [
    [root, 0o700],
    [join(root, "consent.json"), 0o600],
    [join(root, "ledger.json"), 0o600],
    [join(root, "sealed", "retrain", name), 0o600],
  ] as const) {
    expect((await stat(path)).mode & 0o777, path).toBe(mode);
  }
});

test.each([
  ["no JSON", "any"],
  ["nothing", ""],
  ["another form", '["retrain"]'],
  ["no policies", '{"policies": null}'],
  ["an empty list", '{"policies": []}'],
  ["a list with something else", '{"policies": ["retrain", 1]}'],
  ["another word", '{"policies": "all"}'],
  ["too many", JSON.stringify({ policies: Array(captureLimits.consentPoliciesMax + 1).fill("a") })],
  ["too much", `{"policies": "any"}${" ".repeat(captureLimits.consentBytesMax)}`],
])("T30: a consent of %s is none", async (_, text) => {
  await mkdir(data.inside("capture"));
  await writeFile(data.inside("capture", "consent.json"), text);

  expect(await openFolder().consent()).toBeNull();
});

test("a consent by hand, as long as it may be, is one", async () => {
  await mkdir(data.inside("capture"));
  const policies = Array<string>(captureLimits.consentPoliciesMax).fill("a");
  await writeFile(data.inside("capture", "consent.json"), `${JSON.stringify({ policies })}\n`);

  expect(await openFolder().consent()).toEqual({ policies });
});

test("T30: a consent that is a link to another file is not followed, and not taken for none", async () => {
  await mkdir(data.inside("capture"));
  await writeFile(data.inside("elsewhere"), '{"policies": "any"}');
  await symlink(data.inside("elsewhere"), data.inside("capture", "consent.json"));

  await expect(openFolder().consent()).rejects.toMatchObject({ code: "STORE_FAILED" });
});

test.each([
  ["no JSON", "{"],
  ["a day that is none", '{"day": -1, "bytes": {}}'],
  ["bytes that are none", '{"day": 1, "bytes": {"retrain": 1.5}}'],
  ["no bytes", '{"day": 1}'],
])("a ledger with %s is damaged", async (_, text) => {
  await mkdir(data.inside("capture"));
  await writeFile(data.inside("capture", "ledger.json"), text);

  expect(await openFolder().ledger()).toBeNull();
});

describe("what a device lost power over", () => {
  test("is no capture, and is swept with the first look", async () => {
    const store = openFolder();
    await store.put(capture, Buffer.from("sealed"));
    const home = data.inside("capture", "sealed", "retrain");
    await writeFile(join(home, `${name}.7.tmp`), "sea");

    const swept = await sweepCaptures(store, { policies: "any" }, 1_800_000_000_000);
    expect(swept).toEqual({ withdrawn: 0, expired: 1, left: 1 });
    expect(await readdir(home)).toEqual([name]);
  });

  test("leaves alone what is not a capture's name", async () => {
    const store = openFolder();
    await store.put(capture, Buffer.from("sealed"));
    const home = data.inside("capture", "sealed");
    await writeFile(join(home, "retrain", "notes.txt"), "mine");
    await mkdir(join(home, "No policy"));
    await writeFile(join(home, "No policy", name), "mine");

    expect(await sweepCaptures(store, null, 0)).toEqual({ withdrawn: 1, expired: 0, left: 0 });
    expect(await readFile(join(home, "retrain", "notes.txt"), "utf8")).toBe("mine");
    expect(await readdir(join(home, "No policy"))).toEqual([name]);
  });
});

test.each([
  ["ENOSPC", "NO_SPACE"],
  ["EIO", "STORE_FAILED"],
])("a disk that says %s leaves no half a capture behind", async (code, expected) => {
  const { fs, failNext } = faultyFs(nodeFs);
  const store = openFolder(fs);
  await store.put(capture, Buffer.from("sealed"));
  failNext("write", code);

  const next = { ...capture, name: name.replace("00112233", "44556677") };
  await expect(store.put(next, Buffer.from("sealed"))).rejects.toMatchObject({ code: expected });
  expect(await readdir(data.inside("capture", "sealed", "retrain"))).toEqual([name]);
});
