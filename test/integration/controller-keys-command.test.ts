import { chmod, readFile, writeFile } from "node:fs/promises";
import { encodeBase64, keyLimits, verifySignature } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commandKey } from "../../controller/src/adapters/key-provider/command-key.ts";
import { refused } from "../support/controller/refused.ts";
import { SIGN, testProvider, writeCommandKey } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { seedOf, seedSigner } from "../support/trust-fixtures.ts";

const message = new TextEncoder().encode("what is signed");
const signer = seedSigner("alice");
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe("a key behind a command", () => {
  const path = () => folder.inside("hsm.key");
  const sign = async (script?: string) => {
    await writeCommandKey(path(), "alice", script);
    const key = await (
      await testProvider({ env: { ...process.env, SHOWN: "yes" } }).read(path())
    ).open();
    return key.sign(message);
  };

  test("signs what is on its stdin, in raw bytes or in base64", async () => {
    expect(await sign()).toEqual(signer.sign(message));
    const inBase64 = SIGN.replace(
      "write(signature)",
      'write(signature.toString("base64") + "\\n")',
    );
    expect(await sign(inBase64)).toEqual(signer.sign(message));
  });

  test("has PATH and the variables its file names, and no others", async () => {
    const script = `process.stderr.write(Object.keys(process.env).filter((name) => !name.startsWith("__")).sort().join(" ")); process.exit(1);`;

    expect((await refused(sign(script))).message).toMatch(/it said: PATH SHOWN$/);
  });

  test("is not believed when its signature is another's, of other bytes, or none", async () => {
    const scripts = [
      SIGN.replace("process.argv[1]", `"${encodeBase64(seedOf("mallory"))}"`),
      SIGN.replace("readFileSync(0)", 'Buffer.from("other bytes")'),
      SIGN.replace("write(signature)", "write(signature.subarray(1))"),
      "process.stdout.write('done\\n');",
    ];
    for (const script of scripts) {
      expect(await refused(sign(script))).toMatchObject({ code: "SIGNING_FAILED" });
    }
  });

  test("that fails says how it ended and its last words", async () => {
    const { code, message: said } = await refused(
      sign("process.stderr.write('x'.repeat(10000) + ' token not present\\n'); process.exit(3);"),
    );

    expect(code).toBe("SIGNING_FAILED");
    expect(said).toContain("exit code 3");
    expect(said).toMatch(/token not present$/);
    expect(said.length).toBeLessThan(keyLimits.commandComplaintBytesMax + 500);
  });

  test("that does not end, or does not end talking, is ended", async () => {
    const plan = { name: "alice", publicKey: signer.publicKey, env: {} };
    const words = (script: string) => [process.execPath, "-e", script];
    const slow = commandKey({ ...plan, words: words("setInterval(() => 0, 1e6)"), waitMsMax: 300 });
    const loud = commandKey({
      ...plan,
      words: words("setInterval(() => process.stdout.write('x'.repeat(999)), 1)"),
    });

    expect((await refused(Promise.resolve(slow.sign(message)))).message).toContain("300 ms");
    expect((await refused(Promise.resolve(loud.sign(message)))).message).toContain("1024 bytes");
  });

  test("that is not there is refused by name", async () => {
    const words = [folder.inside("no-such-program")];
    const key = commandKey({ name: "a", publicKey: signer.publicKey, env: {}, words });

    expect((await refused(Promise.resolve(key.sign(message)))).message).toContain("ENOENT");
  });

  test("that lies below a file is refused like one that is not there", async () => {
    await writeFile(folder.inside("file"), "");
    const words = [folder.inside("file", "program")];
    const key = commandKey({ name: "a", publicKey: signer.publicKey, env: {}, words });

    expect(await refused(Promise.resolve(key.sign(message)))).toMatchObject({
      code: "SIGNING_FAILED",
    });
  });

  test("signs one after the other, and a failure leaves the next alone", async () => {
    const log = folder.inside("log");
    const script = `
      const { appendFileSync } = require("node:fs");
      appendFileSync(${JSON.stringify(log)}, "(");
      ${SIGN}
      appendFileSync(${JSON.stringify(log)}, ")");`;
    await writeCommandKey(path(), "alice", script);
    const key = await (await testProvider().read(path())).open();
    const other = new TextEncoder().encode("other");

    const signatures = await Promise.all([key.sign(message), key.sign(other), key.sign(message)]);

    expect(await readFile(log, "utf8")).toBe("()()()");
    expect(
      signatures.every((sig, at) =>
        verifySignature(key.publicKey, at === 1 ? other : message, sig),
      ),
    ).toBe(true);
  });

  test("is refused when others may write the file that says what to run", async () => {
    await writeCommandKey(path(), "alice");
    await chmod(path(), 0o620);

    expect(await refused(testProvider().read(path()))).toMatchObject({ code: "KEY_INVALID" });
    await chmod(path(), 0o644);
    expect((await testProvider().read(path())).kind).toBe("command");
  });
});
