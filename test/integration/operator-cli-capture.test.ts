import { createPrivateKey, createPublicKey } from "node:crypto";
import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import {
  type CapturedTensor,
  CaptureHeader,
  rawX25519PublicKey,
  sealCapture,
  x25519PrivateKey,
} from "@modelfleet/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const vectors = new URL("../vectors/capture/", import.meta.url);
const vector = (name: string) => readFile(new URL(name, vectors));

async function run(...argv: readonly string[]) {
  const { terminal, out, err } = recordedTerminal();
  return { exitCode: await runProgram(argv, terminal), out: out(), err: err() };
}

let folder: TemporaryFolder;
let key: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  key = folder.inside("retrain.pem");
  const raw = Buffer.from((await vector("recipient.hex")).toString().trim(), "hex");
  await writeFile(key, x25519PrivateKey(raw).export({ format: "pem", type: "pkcs8" }));
  return () => folder[Symbol.asyncDispose]();
});

async function seal(
  name: string,
  tensors: readonly CapturedTensor[],
  bytes: readonly Uint8Array[],
) {
  const recipient = rawX25519PublicKey(createPublicKey(await readFile(key)));
  const header = CaptureHeader.parse({
    ...{ spec: 1, policy: "retrain", strategy: "random", device: "cam-0017", slot: "main" },
    ...{ release: "ab".repeat(32), model: "digits", version: "1.0.0", atMs: 1 },
    ...{ redacted: [], tensors },
  });
  const keys = { recipient, ephemeralSecret: new Uint8Array(32).fill(3) };
  const path = folder.inside(name);
  await writeFile(path, Buffer.concat([...sealCapture({ header, tensors: bytes }, keys)]));
  return path;
}

test("a capture is opened into arrays, byte for byte as NumPy writes them", async () => {
  const file = folder.inside("1800000000000-3600000-00112233aabbccdd.mfcap");
  await copyFile(new URL("part-7.mfcap", vectors), file);

  const out = folder.inside("opened");
  const opened = await run("capture", "open", file, "--key", key, "--out", out, "--json");

  const home = `${out}/1800000000000-3600000-00112233aabbccdd`;
  expect(opened.exitCode).toBe(0);
  expect(JSON.parse(opened.out)).toMatchObject([
    { folder: home, policy: "retrain", device: "cam-0017", model: "digits", id: "part 7" },
  ]);
  expect(await readdir(home)).toEqual(["capture.json", "input-0.npy", "output-1.npy"]);
  expect(await readFile(`${home}/input-0.npy`)).toEqual(await vector("x.npy"));
  expect(await readFile(`${home}/output-1.npy`)).toEqual(await vector("y.npy"));
  const header: unknown = JSON.parse(await readFile(`${home}/capture.json`, "utf8"));
  expect(header).toMatchObject({ redacted: ["face"], tensors: [{ name: "x" }, { name: "y" }] });
});

test("names of tensors make no paths; texts, and what is no array, come as bytes", async () => {
  const base = { role: "input" as const, dtype: "float32" as const, shape: [1, 2] };
  const file = await seal(
    "a.mfcap",
    [
      { ...base, name: "../../../escaped", bytes: 8 },
      { ...base, name: "words", dtype: "string", shape: [1], bytes: 6 },
      { ...base, name: "short", bytes: 4 },
    ],
    [Buffer.alloc(8), Buffer.from([2, 0, 0, 0, 104, 105]), Buffer.alloc(4)],
  );
  const out = folder.inside("opened");

  expect((await run("capture", "open", file, "--key", key, "--out", out)).exitCode).toBe(0);
  expect(await readdir(`${out}/a`)).toEqual([
    "capture.json",
    "input-0.npy",
    "input-1.bin",
    "input-2.bin",
  ]);
});

test("a new key is its owner's alone, never over another, and opens what is sealed to its recipient", async () => {
  const made = folder.inside("made.pem");
  const { exitCode, out } = await run("capture", "new-key", "--out", made);
  const again = await run("capture", "new-key", "--out", made);

  const recipient = Buffer.from(
    rawX25519PublicKey(createPublicKey(createPrivateKey(await readFile(made)))),
  );
  expect(exitCode).toBe(0);
  expect(out).toBe(`${recipient.toString("base64")}\n`);
  expect((await stat(made)).mode & 0o777).toBe(0o600);
  expect(again.exitCode).toBe(1);
});

describe("is refused, naming the file:", () => {
  test("another key", async () => {
    const other = folder.inside("other.pem");
    await run("capture", "new-key", "--out", other);
    const file = await seal("a.mfcap", [], []);

    const refused = await run("capture", "open", file, "--key", other, "--out", folder.inside("o"));
    expect(refused).toMatchObject({ exitCode: 1, out: "" });
    expect(refused.err).toContain(`${file}: expected what was sealed to this key`);
  });

  test("a file that is no key, and a key of another kind", async () => {
    const file = await seal("a.mfcap", [], []);
    const none = folder.inside("none.pem");
    await writeFile(none, "no key");

    const refused = await run("capture", "open", file, "--key", none, "--out", folder.inside("o"));
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain(`${none}: expected an X25519 private key`);
  });

  test("a folder that is there already", async () => {
    const file = await seal("a.mfcap", [], []);
    const out = folder.inside("opened");
    await run("capture", "open", file, "--key", key, "--out", out);

    const again = await run("capture", "open", file, "--key", key, "--out", out);
    expect(again.exitCode).toBe(1);
    expect(again.err).toContain(`${out}/a: cannot be written: it is there already`);
  });
});
