import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { decodeEnvelope, openPinnedRoot, sha256 } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { refused } from "../support/controller/refused.ts";
import { testProvider } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const SCRIPT = fileURLToPath(new URL("../../examples/keys/pkcs11-sign", import.meta.url));
const PIN = "123456";
const run = promisify(execFile);

const missing = [
  MODULE,
  "/usr/bin/pkcs11-tool",
  "/usr/bin/softhsm2-util",
  "/usr/bin/python3",
].filter((path) => !existsSync(path));
const isSkipped = missing.length > 0 && process.env["CI"] === undefined;
if (isSkipped)
  console.warn(`skipped: expected ${missing.join(", ")}: apt install softhsm2 opensc python3`);

describe.skipIf(isSkipped)("keys in a PKCS #11 token (SoftHSM), which never leave it,", () => {
  let folder: TemporaryFolder;
  let env: Record<string, string>;
  const at = (name: string) => folder.inside(name);
  const tool = (...words: readonly string[]) =>
    run("pkcs11-tool", ["--module", MODULE, "--token-label", "fleet", ...words], { env });

  beforeAll(async () => {
    folder = await temporaryFolder();
    await mkdir(at("tokens"));
    await writeFile(at("softhsm2.conf"), `directories.tokendir = ${at("tokens")}\n`);
    await writeFile(at("pin"), `${PIN}\n`, { mode: 0o600 });
    env = {
      PATH: process.env["PATH"] ?? "",
      SOFTHSM2_CONF: at("softhsm2.conf"),
      PKCS11_PIN_FILE: at("pin"),
    };
    const words = [
      "--init-token",
      "--free",
      "--label",
      "fleet",
      "--pin",
      PIN,
      "--so-pin",
      "87654321",
    ];
    await run("softhsm2-util", words, { env });
    for (const [id, label] of Object.entries({
      "01": "a",
      "02": "b",
      "03": "release",
      "04": "online",
    })) {
      await makeKey(id, label);
    }
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  async function makeKey(id: string, label: string): Promise<void> {
    const pair = ["--keypairgen", "--key-type", "EC:edwards25519", "--id", id, "--label", label];
    await tool("--login", "--pin", PIN, ...pair);
    await tool("--read-object", "--type", "pubkey", "--id", id, "-o", at(`${label}.pem`));
    const made = await cli(
      ...["key", "new", label, "--out", at(`${label}.key`), "--public-key", at(`${label}.pem`)],
      ...["--command", SCRIPT, "--pass", "SOFTHSM2_CONF", "PKCS11_PIN_FILE", "--", "fleet", id],
    );
    expect(made).toMatchObject({ exitCode: 0 });
  }

  async function cli(...args: readonly string[]) {
    const recorded = recordedTerminal(env);
    const at = args.indexOf("--");
    const withJson = at < 0 ? [...args, "--json"] : args.toSpliced(at, 0, "--json");
    const exitCode = await runProgram(withJson, recorded.terminal);
    return { exitCode, answer: JSON.parse(recorded.out()) as Record<string, unknown> };
  }

  test("sign a root that devices take", async () => {
    await cli(
      ...["root", "init", "--root-key", at("a.pub"), at("b.pub"), "--out", at("root.json")],
      ...["--release-key", at("release.pub"), "--online-key", at("online.pub")],
    );
    const signed = await cli("root", "sign", at("root.json"), "--key", at("a.key"), at("b.key"));

    expect(signed).toMatchObject({ exitCode: 0, answer: { refusal: null } });
    const bytes = await readFile(at("root.json"));
    expect(openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload)).document.version).toBe(1);
  });

  test("sign a release without a controller", async () => {
    const digits = fileURLToPath(new URL("../../examples/digits/releases/1.0.0", import.meta.url));
    const out = ["--out", at("release.dsse.json"), "--root", at("root.json")];

    const signed = await cli("release", "sign", digits, "--key", at("release.key"), ...out);

    expect(signed).toMatchObject({ exitCode: 0, answer: { incomplete: null } });
  });

  test("say why they cannot sign: a wrong PIN, and no token", async () => {
    const read = async () => (await testProvider({ env }).read(at("online.key"))).open();
    const message = new TextEncoder().encode("an order");
    const sign = async () => (await read()).sign(message);
    expect(await sign()).toHaveLength(64);

    await writeFile(at("pin"), "654321\n");
    expect((await refused(sign())).message).toMatch(
      /pkcs11-sign ended with exit code 1.*the PIN is wrong/s,
    );
    await writeFile(at("pin"), `${PIN}\n`);
    await rename(at("tokens"), at("drawer"));
    await mkdir(at("tokens"));
    expect(await refused(sign())).toMatchObject({ code: "SIGNING_FAILED" });
  });
});
