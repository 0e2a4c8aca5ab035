import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { documentLimits, isCodedError, openDeviceMessage, sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { exchangePaths } from "../../agent/src/adapters/exchange-folder/exchange-folder.ts";
import { takeBundle } from "../../agent/src/adapters/exchange-folder/take-bundle.ts";
import { applyBundle, writeHello } from "../../agent/src/carry.ts";
import { openStore } from "../support/agent/download-rig.ts";
import { enrolledFolder } from "../support/agent/running-agent.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import {
  fixtureDevice,
  fleetKeys,
  signedDesired,
  signedRelease,
} from "../support/trust-fixtures.ts";

const machine = {
  ...{ nodePath: process.execPath, nodeVersion: process.version },
  ...{ glibcVersion: undefined, agentVersion: "0.1.0" },
};
const urls = { controllerUrl: "http://127.0.0.1:1", brokerUrl: "mqtt://127.0.0.1:1" };
const blob = Buffer.from("a model");
const blobName = sha256(blob);
const release = signedRelease();

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** A whole bundle on a stick, and the data folder of a device that does not run. */
async function rig(folder: TemporaryFolder, desired: object = {}) {
  const [stick, data] = [folder.inside("stick"), folder.inside("data")];
  await put(join(stick, "desired.json"), signedDesired(desired).bytes);
  await put(join(stick, "roots", "2.json"), Buffer.from("{}"));
  await put(join(stick, "releases", `${release.sha256}.json`), release.bytes);
  await put(join(stick, "blobs", blobName), blob);
  await enrolledFolder(data, urls);
  const { folder: exchange, bundle, nonce } = exchangePaths(data);
  return { stick, data, exchange, bundle, nonce };
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return "done";
  } catch (cause) {
    return isCodedError(cause) ? cause.code : String(cause);
  }
}

async function follows(data: string, changes: { seq: number; rootVersion?: number }) {
  const store = await openStore(data);
  const state = await store.readState();
  if (state === undefined) throw new Error("expected a state");
  await store.commit({ ...state, ...changes });
}

test("a bundle is copied as it is, and again in the place of the one before", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, exchange, bundle } = await rig(folder);
  await takeBundle(stick, data);
  await rm(join(stick, "roots", "2.json"));
  await takeBundle(stick, data);

  expect(await readdir(exchange)).toEqual(["bundle"]);
  expect((await readdir(bundle)).sort()).toEqual(["blobs", "desired.json", "releases", "roots"]);
  expect(await readdir(join(bundle, "roots"))).toEqual([]);
  expect(await readFile(join(bundle, "blobs", blobName))).toEqual(blob);
  expect(await readFile(join(bundle, "releases", `${release.sha256}.json`))).toEqual(
    Buffer.from(release.bytes),
  );
});

test("a folder that was left out on the way for being empty is none", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, bundle } = await rig(folder);
  await rm(join(stick, "roots"), { recursive: true });
  await takeBundle(stick, data);

  expect(await readdir(join(bundle, "roots"))).toEqual([]);
});

test("what has another name, or is no file, is left where it is", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, bundle } = await rig(folder);
  await put(join(stick, "roots", "0.json"), blob);
  await put(join(stick, "roots", "autorun.inf"), blob);
  await put(join(stick, "blobs", "upper", "x"), blob);
  await symlink("/etc/hostname", join(stick, "roots", "3.json"));
  execFileSync("mkfifo", [join(stick, "roots", "4.json")]);
  await takeBundle(stick, data);

  expect(await readdir(join(bundle, "roots"))).toEqual(["2.json"]);
  expect(await readdir(join(bundle, "blobs"))).toEqual([blobName]);
});

/** Damage, and what the sentence says about it. */
const damaged: Record<string, [RegExp, (stick: string) => Promise<unknown>]> = {
  "a model file with other bytes": [
    /expected bytes with this digest.*bundle export/,
    (stick) => writeFile(join(stick, "blobs", blobName), "A model"),
  ],
  "a model file that was cut": [
    /expected bytes with this digest/,
    (stick) => truncate(join(stick, "blobs", blobName), 3),
  ],
  "a root larger than any": [
    /at most 32768 bytes/,
    (stick) => truncate(join(stick, "roots", "2.json"), documentLimits.envelopeBytesMax + 1),
  ],
  "more roots than any bundle has": [
    /at most 64 files in roots/,
    async (stick) => {
      for (let version = 3; version <= documentLimits.rootStepsPerCycleMax + 2; version += 1) {
        await writeFile(join(stick, "roots", `${version}.json`), "{}");
      }
    },
  ],
  "a file in the place of a folder": [
    /cannot be copied/,
    async (stick) => {
      await rm(join(stick, "roots"), { recursive: true });
      await writeFile(join(stick, "roots"), "");
    },
  ],
};

for (const [what, [sentence, damage]] of Object.entries(damaged)) {
  test(`${what}: the bundle is refused and leaves nothing behind, and the one before stays`, async () => {
    await using folder = await temporaryFolder();
    const { stick, data, exchange, bundle } = await rig(folder);
    await takeBundle(stick, data);
    await damage(stick);

    const taking = applyBundle(stick, { data }, machine);

    await expect(taking).rejects.toThrow(sentence);
    await expect(taking).rejects.toMatchObject({ code: "BUNDLE" });
    expect(await readdir(exchange)).toEqual(["bundle"]);
    expect(await readFile(join(bundle, "blobs", blobName))).toEqual(blob);
  });
}

for (const [what, lay] of Object.entries({
  "no order": (path: string) => rm(path),
  "an order that is a pipe": async (path: string) => {
    await rm(path);
    execFileSync("mkfifo", [path]);
  },
  "an order that is no envelope": (path: string) => writeFile(path, "{}"),
})) {
  test(`${what}: nothing is copied`, async () => {
    await using folder = await temporaryFolder();
    const { stick, data, exchange } = await rig(folder);
    await lay(join(stick, "desired.json"));

    expect(await codeOf(applyBundle(stick, { data }, machine))).toBe("BUNDLE");
    expect(await codeOf(readdir(exchange))).toContain("ENOENT");
  });
}

test("a data folder in which something else lies in the way says so in a sentence", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, exchange } = await rig(folder);
  await writeFile(exchange, "");

  expect(await codeOf(applyBundle(stick, { data }, machine))).toBe("BUNDLE");
  const out = folder.inside("hello.json");
  expect(await codeOf(writeHello({ data, out }, machine))).toBe("STORE_FAILED");
});

test("a bundle waits for an agent that does not run", async () => {
  await using folder = await temporaryFolder();
  const { stick, data } = await rig(folder, { seq: 7 });
  await follows(data, { seq: 7 });

  expect(await applyBundle(stick, { data }, machine)).toEqual({
    ...{ device: fixtureDevice, seq: 7, state: "waits for the agent's start" },
  });
});

test("an older order is refused before anything is copied; one under a newer root is not, for numbers may begin anew", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, exchange } = await rig(folder, { seq: 6, rootVersion: 2 });
  await follows(data, { seq: 7, rootVersion: 2 });
  expect(await codeOf(applyBundle(stick, { data }, machine))).toBe("NOT_TAKEN");
  expect(await codeOf(readdir(exchange))).toContain("ENOENT");

  await follows(data, { seq: Number.MAX_SAFE_INTEGER, rootVersion: 1 });
  expect(await codeOf(applyBundle(stick, { data }, machine))).toBe("done");
});

test("an order for another device is refused before anything is copied", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, exchange } = await rig(folder, { device: "cam-0018" });

  expect(await codeOf(applyBundle(stick, { data }, machine))).toBe("NOT_TAKEN");
  expect(await codeOf(readdir(exchange))).toContain("ENOENT");
});

/** An agent that says one status after the other, the last one for ever. */
async function talkingAgent(socketPath: string, statuses: readonly object[]) {
  let asked = 0;
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)];
    asked += 1;
    response.end(JSON.stringify({ device: fixtureDevice, agent: "running", ...status }));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    asked: () => asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const model = { release: release.sha256, model: "vision.defects", version: "1.0.0" };
const slotOf = (changes: object) => [
  { slot: "main", active: null, previous: null, trial: null, refused: [], ...changes },
];

test("apply waits until the order of a newer root is followed, whatever number the device followed before", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, bundle } = await rig(folder, { seq: 3, rootVersion: 2 });
  const before = { desiredSeq: 9_000, rootVersion: 1, slots: slotOf({ active: model }) };
  await using agent = await talkingAgent(join(data, "agent.sock"), [
    before,
    before,
    { ...before, desiredSeq: 0, rootVersion: 2 },
    { ...before, desiredSeq: 3, rootVersion: 2 },
  ]);

  expect(await applyBundle(stick, { data }, machine)).toMatchObject({ state: "installed" });
  expect(agent.asked()).toBe(4);
  expect(await codeOf(readdir(bundle))).toContain("ENOENT");
});

test("apply says why a release was refused, and does not take a trial for an end", async () => {
  await using folder = await temporaryFolder();
  const { stick, data, bundle } = await rig(folder);
  const followed = { desiredSeq: 1, rootVersion: 1 };
  const refusal = { release: release.sha256, code: "GOLDEN_MISMATCH", detail: "case 3" };
  await using agent = await talkingAgent(join(data, "agent.sock"), [
    { desiredSeq: 0, rootVersion: 1, slots: [] },
    { ...followed, slots: [] },
    { ...followed, slots: slotOf({ active: model, trial: model }) },
    { ...followed, slots: slotOf({ refused: [refusal] }) },
  ]);

  const applying = applyBundle(stick, { data }, machine);
  await expect(applying).rejects.toThrow("GOLDEN_MISMATCH: case 3");
  await expect(applying).rejects.toMatchObject({ code: "NOT_INSTALLED" });
  expect(agent.asked()).toBe(4);
  expect(await codeOf(readdir(bundle))).toContain("ENOENT");
});

test("a hello is signed by the device, and its nonce stays here", async () => {
  await using folder = await temporaryFolder();
  const { data, nonce } = await rig(folder);
  await follows(data, { seq: 5 });
  const out = folder.inside("hello.json");
  await writeHello({ data, out }, machine);

  const bytes = new Uint8Array(await readFile(out));
  const hello = openDeviceMessage(bytes, "hello", fleetKeys.device.publicKey);
  expect(hello).toMatchObject({ device: fixtureDevice, desiredSeq: 5, rootVersion: 1 });
  expect(await readFile(nonce, "utf8")).toBe(hello.nonce);
});

test("a hello that cannot be written does not end the one before", async () => {
  await using folder = await temporaryFolder();
  const { data, nonce } = await rig(folder);
  await writeHello({ data, out: folder.inside("hello.json") }, machine);
  const before = await readFile(nonce, "utf8");

  const nowhere = folder.inside("no-such-stick", "hello.json");
  expect(await codeOf(writeHello({ data, out: nowhere }, machine))).toBe("STORE_FAILED");
  expect(await readFile(nonce, "utf8")).toBe(before);
});

test("a hello of a folder that no device is enrolled in", async () => {
  await using folder = await temporaryFolder();
  const [data, out] = [folder.inside("data"), folder.inside("hello.json")];

  expect(await codeOf(writeHello({ data, out }, machine))).toBe("NOT_ENROLLED");
  expect(await codeOf(readFile(out))).toContain("ENOENT");
});
