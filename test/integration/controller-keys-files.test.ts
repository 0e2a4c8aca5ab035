import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { encodeBase64, keyLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SealedKey } from "../../controller/src/adapters/key-provider/key-forms.ts";
import { readPassphraseFile } from "../../controller/src/adapters/key-provider/passphrase-file.ts";
import { sealSeed } from "../../controller/src/adapters/key-provider/sealed-seed.ts";
import { writeKeyFile } from "../../controller/src/adapters/key-provider/write-key-file.ts";
import { refused } from "../support/controller/refused.ts";
import { testProvider, writePlainKey } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { seedOf, seedSigner } from "../support/trust-fixtures.ts";

const message = new TextEncoder().encode("what is signed");
const passphrase = "Größe 12 über alles";
const signer = seedSigner("alice");
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe("a key under a passphrase", () => {
  // Made once: scrypt takes a third of a second.
  const sealing = sealSeed(seedOf("alice"), {
    name: "alice",
    passphrase,
    createdAt: "2026-11-21T08:00:00Z",
    randomBytes,
  });
  const path = () => folder.inside("alice.key");
  const open = async (said: string) => {
    const provider = testProvider({ passphrase: () => Promise.resolve(said) });
    return (await provider.read(path())).open();
  };
  const change = async (changes: Partial<SealedKey>) =>
    writeFile(path(), JSON.stringify({ ...(await sealing), ...changes }), { mode: 0o600 });

  test("signs for who knows it, however the keyboard composes its letters", async () => {
    await writeKeyFile(path(), await sealing);

    const key = await open(passphrase.normalize("NFD"));

    expect(key.publicKey).toEqual(signer.publicKey);
    expect(await key.sign(message)).toEqual(signer.sign(message));
  });

  test("shows name and public half without it, and nothing of the seed", async () => {
    await writeKeyFile(path(), await sealing);

    const { open: _, ...shown } = await testProvider().read(path());

    expect(shown).toEqual({
      kind: "encrypted",
      name: "alice",
      publicKey: signer.publicKey,
      createdAt: "2026-11-21T08:00:00Z",
    });
    expect(await readFile(path(), "utf8")).not.toContain(encodeBase64(seedOf("alice")));
  });

  test("stays closed for another, and says so without repeating it", async () => {
    await writeKeyFile(path(), await sealing);

    const { code, message: said } = await refused(open("another passphrase"));

    expect(code).toBe("KEY_LOCKED");
    expect(said).toContain("try again");
    expect(said).not.toContain("another passphrase");
  });

  test("stays closed when its header or its seed was changed", async () => {
    const other = encodeBase64(seedSigner("mallory").publicKey);
    const { sealed, cipher } = await sealing;
    const flipped = `${sealed.startsWith("A") ? "B" : "A"}${sealed.slice(1)}`;

    for (const changes of [{ publicKey: other }, { name: "bob" }, { sealed: flipped }]) {
      await change(changes);
      expect(await refused(open(passphrase))).toMatchObject({ code: "KEY_LOCKED" });
    }
    await change({ cipher: { ...cipher, nonce: encodeBase64(new Uint8Array(12)) } });
    expect(await refused(open(passphrase))).toMatchObject({ code: "KEY_LOCKED" });
  });

  test("chooses no work for its reader: other costs are refused unread", async () => {
    const { kdf } = await sealing;
    const cheap = JSON.stringify({ ...(await sealing), kdf: { ...kdf, N: 2 ** 10 } });
    await writeFile(path(), cheap, { mode: 0o600 });

    expect(await refused(testProvider().read(path()))).toMatchObject({ code: "KEY_INVALID" });
  });

  test("is refused when others may read it", async () => {
    await writeKeyFile(path(), await sealing);
    await chmod(path(), 0o640);

    expect((await refused(testProvider().read(path()))).message).toContain("chmod 600");
  });

  test("is never written over another file", async () => {
    await writeKeyFile(path(), await sealing);
    const before = await readFile(path(), "utf8");

    expect(await refused(writeKeyFile(path(), await sealing))).toMatchObject({
      code: "KEY_INVALID",
    });
    expect(await readFile(path(), "utf8")).toBe(before);
  });
});

describe("a key file is refused", () => {
  const read = (content: string | Uint8Array) =>
    writeFile(folder.inside("x.key"), content, { mode: 0o600 }).then(() =>
      refused(testProvider().read(folder.inside("x.key"))),
    );

  test("when it is larger than any, and taken to the last byte", async () => {
    const seed = encodeBase64(seedOf("alice"));
    const padded = (bytes: number) => seed.padEnd(bytes, "\n");
    await writeFile(folder.inside("ok.key"), padded(keyLimits.fileBytesMax), { mode: 0o600 });

    expect((await testProvider().read(folder.inside("ok.key"))).publicKey).toEqual(
      signer.publicKey,
    );
    expect(await read(padded(keyLimits.fileBytesMax + 1))).toMatchObject({ code: "KEY_INVALID" });
  });

  test("when it has a field nobody knows, another format, or a key twice", async () => {
    const known = {
      format: "modelfleet-public-key-1",
      name: "a",
      publicKey: encodeBase64(signer.publicKey),
    };
    expect(await read(JSON.stringify({ ...known, note: "mine" }))).toMatchObject({
      code: "KEY_INVALID",
    });
    expect(await read(JSON.stringify({ ...known, format: "pkcs8" }))).toMatchObject({
      code: "KEY_INVALID",
    });
    expect(await read('{"format":"a","format":"b"}')).toMatchObject({ code: "KEY_INVALID" });
    expect(await read(encodeBase64(seedOf("alice").subarray(1)))).toMatchObject({
      code: "KEY_INVALID",
    });
  });

  test("when what should be base64 of so many bytes is not, or not in its one right form", async () => {
    const known = { format: "modelfleet-public-key-1", name: "a" };
    const right = encodeBase64(signer.publicKey);
    const wrong = [
      encodeBase64(signer.publicKey.subarray(1)),
      encodeBase64(new Uint8Array(33)),
      // The same bytes, with bits set that nobody reads.
      `${right.slice(0, -2)}${String.fromCharCode(right.charCodeAt(right.length - 2) + 1)}=`,
    ];
    for (const publicKey of wrong) {
      expect(await read(JSON.stringify({ ...known, publicKey }))).toMatchObject({
        code: "KEY_INVALID",
      });
    }
  });

  test("when it is a folder", async () => {
    await mkdir(folder.inside("folder.key"));

    expect(await refused(testProvider().read(folder.inside("folder.key")))).toMatchObject({
      code: "KEY_INVALID",
    });
  });

  test("when a word of its command could not be handed to any program", async () => {
    const [format, publicKey] = ["modelfleet-key-command-1", encodeBase64(signer.publicKey)];
    const file = (word: string) =>
      JSON.stringify({ format, name: "a", publicKey, command: ["sign", word] });

    expect(await read(file("01\0"))).toMatchObject({ code: "KEY_INVALID" });
    await writeFile(folder.inside("good.key"), file("01"), { mode: 0o600 });
    expect((await testProvider().read(folder.inside("good.key"))).kind).toBe("command");
  });

  test("when only its public half is there and a signature is wanted", async () => {
    const path = folder.inside("alice.pub");
    const publicKey = encodeBase64(signer.publicKey);
    await writeKeyFile(path, { format: "modelfleet-public-key-1", name: "alice", publicKey });

    const handle = await testProvider().read(path);

    expect(handle.publicKey).toEqual(signer.publicKey);
    expect(await refused(handle.open())).toMatchObject({ code: "KEY_INVALID" });
  });

  test("when it is a bare seed and nobody said that those may be", async () => {
    const path = folder.inside("plain.key");
    await writePlainKey(path, "alice");

    const { code, message: said } = await refused(testProvider({ allowPlain: false }).read(path));

    expect(code).toBe("KEY_INVALID");
    expect(said).toContain("modelfleet key new");
    expect((await testProvider().read(path)).kind).toBe("plain");
  });

  test("when it is not there", async () => {
    expect(await refused(testProvider().read(folder.inside("none.key")))).toMatchObject({
      code: "KEY_MISSING",
    });
  });
});

describe("a passphrase in a file", () => {
  const write = (text: string, mode = 0o600) =>
    writeFile(folder.inside("pw"), text).then(() => chmod(folder.inside("pw"), mode));
  const read = () => readPassphraseFile(folder.inside("pw"));

  test("is its first line", async () => {
    await write("correct horse\nbattery\n");
    expect(await read()).toBe("correct horse");
    await write("correct horse");
    expect(await read()).toBe("correct horse");
  });

  test("is refused when it is empty, too long, or for everybody to read", async () => {
    await write("\n");
    expect(await refused(read())).toMatchObject({ code: "KEY_LOCKED" });
    await write("x".repeat(keyLimits.passphraseBytesMax + 1));
    expect(await refused(read())).toMatchObject({ code: "KEY_INVALID" });
    await writeFile(folder.inside("pw"), Buffer.from([0xff, 0xfe, 0xfd, 0x80, 0x81, 0x82]));
    expect((await refused(read())).message).toContain("base64");
    await write("correct horse", 0o604);
    expect((await refused(read())).message).toContain("chmod 600");
    await write("correct horse", 0o640);
    expect(await read()).toBe("correct horse");
  });
});
