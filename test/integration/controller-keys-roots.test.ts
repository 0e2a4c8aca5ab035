import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { keyIdOf, ModelName, type Signer } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openKeyFolder } from "../../controller/src/adapters/key-folder/key-folder.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { refused } from "../support/controller/refused.ts";
import { testProvider, writePlainKey } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import {
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  keyTable,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../support/trust-fixtures.ts";

const model = ModelName.parse("digits");
const secondOnline = seedSigner("online 2");
let folder: TemporaryFolder;
const inKeys = (...names: string[]) => folder.inside("", ...names);
const open = () =>
  openKeyFolder(folder.path, {
    dev: false,
    clock: new ManualClock(fixtureTimes.nowMs),
    provider: testProvider(),
  });

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(inKeys("root.json"), fleetRoot().bytes, { mode: 0o600 });
  await writePlainKey(inKeys("online.key"), "online");
});
afterEach(() => folder[Symbol.asyncDispose]());

/** A root of this version with this online key, by enough of the fixture's root keys. */
function rootOf(version: number, online: Signer, signers: readonly Signer[] = fleetKeys.root) {
  const { root, release } = fleetKeys;
  const document = rootDocument({
    version,
    keys: keyTable([...root, release, online]),
    roles: { ...rootDocument().roles, online: roleRule([online], 1) },
  });
  return signDocument(document, signers);
}

describe("the roots of a folder", () => {
  test("begin with the one somebody put there, which moves to its place", async () => {
    const keys = await open();

    expect(keys.root().sha256).toBe(fleetRoot().sha256);
    expect(await readdir(inKeys("roots"))).toEqual(["1.json"]);
    expect(await readdir(folder.path)).not.toContain("root.json");
    expect((await open()).root().bytes).toEqual(fleetRoot().bytes);
  });

  test("stay all of them, so that a device can walk from the first", async () => {
    const keys = await open();
    const [second, third] = [rootOf(2, fleetKeys.online), rootOf(3, fleetKeys.online)];
    await keys.adoptRoot(second);
    await keys.adoptRoot(third);

    const again = await open();

    for (const at of [keys, again]) {
      expect(at.root().document.version).toBe(3);
      expect([1, 2, 3, 4].map(at.rootAt)).toEqual([fleetRoot().bytes, second, third, undefined]);
    }
  });

  test("take the next one as root.json where no controller could be sent it", async () => {
    await open();
    await writePlainKey(inKeys("online.key"), "online 2");
    await writeFile(inKeys("root.json"), rootOf(2, secondOnline));

    const keys = await open();

    expect(keys.root().document.version).toBe(2);
    expect(keys.online().publicKey).toEqual(secondOnline.publicKey);
  });

  test("forget a root.json that is one of them already", async () => {
    const keys = await open();
    await keys.adoptRoot(rootOf(2, fleetKeys.online));
    await writeFile(inKeys("root.json"), fleetRoot().bytes);

    expect((await open()).root().document.version).toBe(2);
    expect(await readdir(folder.path)).not.toContain("root.json");
  });

  test("are refused when one is missing, changed, or under another number", async () => {
    const keys = await open();
    await keys.adoptRoot(rootOf(2, fleetKeys.online));
    await keys.adoptRoot(rootOf(3, fleetKeys.online));
    const third = await readFile(inKeys("roots/3.json"), "utf8");

    await rename(inKeys("roots/2.json"), inKeys("two"));
    expect(await refused(open())).toMatchObject({ code: "KEY_INVALID" });
    await rename(inKeys("two"), inKeys("roots/2.json"));
    expect((await open()).root().document.version).toBe(3);
    await writeFile(inKeys("roots/3.json"), third.replace(/"payload":"./, '"payload":"Z'));
    expect((await refused(open())).message).toContain("3.json");
    await rm(inKeys("roots/3.json"));
    await writeFile(inKeys("roots/4.json"), third);
    expect((await refused(open())).message).toContain("4.json");
  });

  test("pass over what a crash left of a write", async () => {
    await open();
    await writeFile(inKeys("roots/2.json.0a1b"), "half");

    expect((await open()).root().document.version).toBe(1);
  });
});

describe("a root that is adopted", () => {
  test("makes the controller sign with the key it names, which may lie there before", async () => {
    await writePlainKey(inKeys("online-2.key"), "online 2");
    const keys = await open();
    expect(keys.online().publicKey).toEqual(fleetKeys.online.publicKey);

    await keys.adoptRoot(rootOf(2, secondOnline));

    expect(keys.online().publicKey).toEqual(secondOnline.publicKey);
    expect((await open()).online().publicKey).toEqual(secondOnline.publicKey);
  });

  test("is refused without its online key here, and nothing changes until the key is there", async () => {
    const keys = await open();
    const next = rootOf(2, secondOnline);

    const { code, message } = await refused(keys.adoptRoot(next));

    expect(code).toBe("ONLINE_KEY_MISSING");
    expect(message).toContain(keyIdOf(secondOnline.publicKey).slice(0, 16));
    expect(await readdir(inKeys("roots"))).toEqual(["1.json"]);
    expect(keys.root().document.version).toBe(1);
    await writePlainKey(inKeys("online-2.key"), "online 2");
    await keys.adoptRoot(next);
    expect(keys.root().document.version).toBe(2);
  });

  test("F11: that was refused is never on disk, and a good one follows", async () => {
    const keys = await open();
    const [first] = fleetKeys.root;

    expect(await refused(keys.adoptRoot(rootOf(2, fleetKeys.online, [first])))).toMatchObject({
      code: "SIGNATURE",
    });

    expect(await readdir(inKeys("roots"))).toEqual(["1.json"]);
    const again = await open();
    await again.adoptRoot(rootOf(2, fleetKeys.online));
    expect(again.root().document.version).toBe(2);
  });

  test("is exactly the next one", async () => {
    const keys = await open();

    for (const version of [1, 3]) {
      expect(await refused(keys.adoptRoot(rootOf(version, fleetKeys.online)))).toMatchObject({
        code: "ROOT_CHAIN",
      });
    }
  });

  test("is one of two that are brought at the same time", async () => {
    const keys = await open();
    const other = signDocument(
      rootDocument({ version: 2, expires: "2028-01-01T00:00:00Z" }),
      fleetKeys.root,
    );

    const outcomes = await Promise.allSettled([
      keys.adoptRoot(rootOf(2, fleetKeys.online)),
      keys.adoptRoot(other),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(keys.rootAt(2)).toEqual(rootOf(2, fleetKeys.online));
  });
});

test("of several release keys the one signs that the root names for the model", async () => {
  await writePlainKey(inKeys("release-old.key"), "an older release key");
  await writePlainKey(inKeys("release.key"), "release");

  const keys = await open();

  expect(keys.release(model).publicKey).toEqual(fleetKeys.release.publicKey);
});
