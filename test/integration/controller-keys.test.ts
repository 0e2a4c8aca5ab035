import { chmod, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { keyIdOf, ModelName } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openKeyFolder } from "../../controller/src/adapters/key-folder/key-folder.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { refused } from "../support/controller/refused.ts";
import { testProvider, writePlainKey } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes, fleetRoot } from "../support/trust-fixtures.ts";

const model = ModelName.parse("digits");
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const clock = new ManualClock(fixtureTimes.nowMs);
const open = (dev: boolean) =>
  openKeyFolder(folder.inside("keys"), { dev, clock, provider: testProvider() });
const inKeys = (name: string) => folder.inside("keys", name);
const firstRoot = () => inKeys("roots/1.json");

describe("a folder made with --dev", () => {
  test("holds three different keys and a root of one key a role", async () => {
    const keys = await open(true);

    const { roles, version } = keys.root().document;
    expect(version).toBe(1);
    expect(roles.root.threshold).toBe(1);
    expect(roles.online.keyids).toEqual([keyIdOf(keys.online().publicKey)]);
    expect(roles.release[0]?.keyids).toEqual([keyIdOf(keys.release(model).publicKey)]);
    const used = [
      ...roles.root.keyids,
      ...roles.online.keyids,
      ...(roles.release[0]?.keyids ?? []),
    ];
    expect(new Set(used).size).toBe(3);
  });

  test("is closed to everybody but its owner", async () => {
    await open(true);

    expect((await stat(folder.inside("keys"))).mode & 0o777).toBe(0o700);
    for (const entry of await readdir(folder.inside("keys"), { recursive: true })) {
      const found = await stat(inKeys(entry));
      expect(found.mode & 0o777).toBe(found.isDirectory() ? 0o700 : 0o600);
    }
  });

  test("is the same fleet at the next start, with --dev and without", async () => {
    const first = await open(true);

    expect((await open(true)).root().sha256).toBe(first.root().sha256);
    expect((await open(false)).root().sha256).toBe(first.root().sha256);
  });

  test("interrupted before its root was written, is completed with the keys it has", async () => {
    const first = await open(true);
    await rm(firstRoot());

    const second = await open(true);

    expect(second.online().publicKey).toEqual(first.online().publicKey);
  });
});

describe("a folder that is not complete is refused:", () => {
  test("without a root, saying what to put there", async () => {
    const { code, message } = await refused(open(false));

    expect(code).toBe("KEY_MISSING");
    expect(message).toContain("root.json");
    expect(message).toContain("--dev");
  });

  test("without the online key", async () => {
    await open(true);
    await rm(inKeys("online.key"));

    expect(await refused(open(false))).toMatchObject({ code: "KEY_MISSING" });
  });

  test("with an online key the root does not know", async () => {
    await open(true);
    await writePlainKey(inKeys("online.key"), "another");

    expect(await refused(open(false))).toMatchObject({ code: "ONLINE_KEY_MISSING" });
  });

  test("with a key others may read", async () => {
    await open(true);
    await chmod(inKeys("online.key"), 0o640);

    const { code, message } = await refused(open(false));

    expect(code).toBe("KEY_INVALID");
    expect(message).toContain("chmod 600");
  });

  test("with a root one byte of which was changed", async () => {
    await open(true);
    const text = await readFile(firstRoot(), "utf8");
    await writeFile(firstRoot(), text.replace(/"payload":"./, '"payload":"Z'));

    expect(await refused(open(false))).toMatchObject({ code: "KEY_INVALID" });
  });

  test("with a key that is no key", async () => {
    await open(true);
    await writeFile(inKeys("online.key"), "secret", { mode: 0o600 });

    const { code, message } = await refused(open(false));

    expect(code).toBe("KEY_INVALID");
    expect(message).not.toContain("secret");
  });
});

test("a controller without a release key signs no release, and says where the key belongs", async () => {
  await open(true);
  await rm(inKeys("release.key"));
  const keys = await open(false);

  expect(() => keys.release(model)).toThrow(/release sign.*release\.key/);
});

test("a root of other keys is not taken for ours", async () => {
  await open(true);
  await writeFile(inKeys("root.json"), fleetRoot({ version: 2 }).bytes, { mode: 0o600 });

  expect(await refused(open(false))).toMatchObject({ code: "KEY_INVALID" });
});

describe("a real fleet is not opened with --dev:", () => {
  const expectRefused = async () => {
    const { code, message } = await refused(open(true));
    expect(code).toBe("KEY_INVALID");
    expect(message).toMatch(/start without --dev, or name another folder with --data/);
  };

  test("its root key is not there", async () => {
    await open(true);
    await rm(inKeys("root.key"));

    await expectRefused();
    expect((await open(false)).root().document.version).toBe(1);
  });

  test("its root key is another", async () => {
    await open(true);
    await writePlainKey(inKeys("root.key"), "another");

    await expectRefused();
  });

  test("its root key is a key file", async () => {
    await open(true);
    await writeFile(inKeys("root.key"), '{"format":"modelfleet-key-1"}', { mode: 0o600 });

    await expectRefused();
  });

  test("it has keys and no root yet", async () => {
    await open(true);
    await Promise.all([rm(inKeys("root.key")), rm(firstRoot())]);

    await expectRefused();
    const { message } = await refused(open(false));
    expect(message).not.toContain("--dev");
  });

  test("its root wants two signatures", async () => {
    await open(true);
    await rm(firstRoot());
    await writeFile(inKeys("root.json"), fleetRoot({ version: 1 }).bytes, { mode: 0o600 });

    await expectRefused();
  });
});
