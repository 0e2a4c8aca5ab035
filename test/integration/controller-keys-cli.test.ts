import { createPublicKey } from "node:crypto";
import { cp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import {
  acceptNextRoot,
  decodeEnvelope,
  encodeBase64,
  openPinnedRoot,
  sha256,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { SIGN, writePlainKey } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { seedOf, seedSigner } from "../support/trust-fixtures.ts";

/** Bare seeds, so that no test waits for scrypt; the commands read every kind of key the same way. */
let folder: TemporaryFolder;
const at = (name: string) => folder.inside(name);
beforeEach(async () => {
  folder = await temporaryFolder();
  for (const name of ["a", "b", "c", "d", "release", "online", "online2"]) {
    await writePlainKey(at(`${name}.key`), name);
  }
});
afterEach(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]) {
  const recorded = recordedTerminal();
  const exitCode = await runProgram([...args, "--json"], recorded.terminal);
  return { exitCode, answer: JSON.parse(recorded.out()) as Record<string, unknown> };
}

/** As other programs write it (RFC 8410). */
function publicPem(name: string): string {
  const head = Buffer.from("302a300506032b6570032100", "hex");
  const key = Buffer.concat([head, seedSigner(name).publicKey]);
  const format = { key, format: "der", type: "spki" } as const;
  return createPublicKey(format).export({ format: "pem", type: "spki" }).toString();
}

const init = (...more: readonly string[]) =>
  run(
    ...["root", "init", "--root-key", at("a.key"), at("b.key"), at("c.key")],
    ...["--release-key", at("release.key"), "--online-key", at("online.key")],
    ...["--out", at("root.json"), ...more],
  );
const sign = (file: string, ...keys: readonly string[]) =>
  run("root", "sign", at(file), ...keys.flatMap((key) => ["--key", at(`${key}.key`)]));
const rotate = (...more: readonly string[]) =>
  run("root", "rotate", at("root.json"), "--out", at("root-2.json"), ...more);
const rootIn = async (file: string) => {
  const bytes = await readFile(at(file));
  return openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload));
};

describe("a fleet's first root", () => {
  test("is drafted, signed by two of three, and then complete", async () => {
    expect(await init()).toMatchObject({ exitCode: 0, answer: { version: 1, threshold: 2 } });
    const one = await sign("root.json", "a");
    const two = await sign("root.json", "c");

    expect(one.answer["refusal"]).toContain("2 of 3");
    expect(two.answer["refusal"]).toBeNull();
    expect((await rootIn("root.json")).document.roles.root.threshold).toBe(2);
    const inspected = await run("root", "inspect", at("root.json"));
    expect(inspected.answer).toMatchObject({ daysLeft: 365, expiry: "good", refusal: null });
  });

  test("counts one key that signs twice once", async () => {
    await init();
    await sign("root.json", "a");

    expect((await sign("root.json", "a")).answer["refusal"]).toContain("got 1");
  });

  test("is not signed by a key that is no root key", async () => {
    await init();

    const { exitCode, answer } = await sign("root.json", "online");

    expect(exitCode).toBe(2);
    expect(answer).toMatchObject({ error: { code: "USAGE" } });
    expect(decodeEnvelope(await readFile(at("root.json"))).signatures).toEqual([]);
  });

  test("is never drafted over a file that is there", async () => {
    await init();
    const before = await readFile(at("root.json"));

    expect(await init()).toMatchObject({ exitCode: 1, answer: { error: { code: "FILE" } } });
    expect(await readFile(at("root.json"))).toEqual(before);
  });

  test("has rules for groups of models, the narrow ones first", async () => {
    await init("--release-key", `vision.*=${at("d.key")}`, at("release.key"));

    const { document } = await run("root", "inspect", at("root.json")).then(
      ({ answer }) => answer as { document: { roles: { release: { name: string }[] } } },
    );
    expect(document.roles.release.map(({ name }) => name)).toEqual(["vision.*", "default"]);
  });
});

describe("the next root", () => {
  beforeEach(async () => {
    await init();
    await sign("root.json", "a", "b");
  });

  test("replaces the online key, signed by two who stay", async () => {
    await rotate("--replace-online", at("online2.key"));
    await sign("root-2.json", "b", "c");

    const next = acceptNextRoot(await rootIn("root.json"), await readFile(at("root-2.json")));
    expect(next.document.version).toBe(2);
  });

  test("lets the key that leaves sign too, when it is held against the root before", async () => {
    await rotate("--replace-root", `${at("a.key")}=${at("d.key")}`);
    const against = ["--against", at("root.json")];
    const key = (name: string) => ["--key", at(`${name}.key`)];

    expect((await sign("root-2.json", "a")).exitCode).toBe(2);
    await run("root", "sign", at("root-2.json"), ...key("a"), ...key("d"), ...against);
    const half = await run("root", "inspect", at("root-2.json"), ...against);
    expect(half.answer["refusal"]).toContain("got 1");
    const whole = await run("root", "sign", at("root-2.json"), ...key("b"), ...against);

    expect(whole.answer["refusal"]).toBeNull();
    acceptNextRoot(await rootIn("root.json"), await readFile(at("root-2.json")));
  });

  test("is made of a complete root only", async () => {
    await rotate();

    const { exitCode, answer } = await run(
      ...["root", "rotate", at("root-2.json"), "--out", at("root-3.json")],
    );
    expect(exitCode).toBe(1);
    expect(answer).toMatchObject({ error: { code: "FILE" } });
    expect(await readdir(folder.path)).not.toContain("root-3.json");
  });

  test("can be without a revoked key, by file or by id, while the others suffice", async () => {
    const { document } = await rootIn("root.json");
    const [first = ""] = document.roles.root.keyids;
    const revoke = (key: string, out: string) =>
      run("key", "revoke", key, "--root", at("root.json"), "--out", at(out));

    expect(await revoke(at("c.key"), "x.json")).toMatchObject({ answer: { version: 2 } });
    expect(await revoke(first.slice(0, 16), "y.json")).toMatchObject({ answer: { version: 2 } });
    expect(await revoke(at("d.key"), "z.json")).toMatchObject({ exitCode: 2 });
    expect(await revoke(at("online.key"), "z.json")).toMatchObject({
      answer: { error: { code: "THRESHOLD_UNREACHABLE" } },
    });
    expect(await readdir(folder.path)).not.toContain("z.json");
  });
});

describe("a new key", () => {
  test("is made under a passphrase that is typed twice, and never shown", async () => {
    const asked: string[] = [];
    const recorded = recordedTerminal({}, (prompt) => {
      asked.push(prompt);
      return Promise.resolve("correct horse");
    });

    const exitCode = await runProgram(["key", "new", "e", "--out", at("e.key")], recorded.terminal);

    expect([exitCode, asked.length]).toEqual([0, 2]);
    expect((await stat(at("e.key"))).mode & 0o777).toBe(0o600);
    expect(recorded.out() + recorded.err()).not.toContain("correct horse");
    const shown = await run("key", "list", folder.path);
    expect(shown.answer["keys"]).toContainEqual(
      expect.objectContaining({ file: "e.key", kind: "encrypted", name: "e" }),
    );
    expect(shown.answer["keys"]).toContainEqual(
      expect.objectContaining({ file: "e.pub", kind: "public" }),
    );
  });

  test("is not made when the second time differs, is too short, or nobody is there", async () => {
    const answers = ["correct horse", "correct house"];
    const mistyped = recordedTerminal({}, () => Promise.resolve(answers.shift() ?? ""));
    const short = recordedTerminal({}, () => Promise.resolve("horse"));
    const nobody = recordedTerminal();

    for (const { terminal } of [mistyped, short, nobody]) {
      expect(await runProgram(["key", "new", "e", "--out", at("e.key")], terminal)).toBe(2);
    }
    expect(nobody.err()).toContain("--passphrase-file");
    expect(await readdir(folder.path)).not.toContain("e.key");
  });

  test("behind a command is written down only after it has signed", async () => {
    const pem = publicPem("e");
    await writeFile(at("e.pem"), pem);
    const command = (seed: string) => [
      ...["key", "new", "f", "--out", at("f.key"), "--json", "--public-key", at("e.pem")],
      ...["--command", process.execPath, "--", "-e", SIGN, encodeBase64(seedOf(seed))],
    ];
    const another = recordedTerminal();
    const right = recordedTerminal();

    expect(await runProgram(command("d"), another.terminal)).toBe(1);
    expect(another.out()).toContain("SIGNING_FAILED");
    expect(await readdir(folder.path)).not.toContain("f.key");
    expect(await runProgram(command("e"), right.terminal)).toBe(0);
    expect(await readdir(folder.path)).toEqual(expect.arrayContaining(["f.key", "f.pub"]));
  });

  test("whose public half has no place leaves nothing in the way of the next try", async () => {
    await writeFile(at("e.pub"), "");
    const { terminal } = recordedTerminal({}, () => Promise.resolve("correct horse"));

    expect(await runProgram(["key", "new", "e", "--out", at("e.key")], terminal)).toBe(1);

    expect(await readdir(folder.path)).not.toContain("e.key");
  });
});

describe("a release", () => {
  const digits = new URL("../../examples/digits/releases/2.0.0/", import.meta.url);
  const signRelease = (...more: readonly string[]) =>
    run("release", "sign", at("release"), "--root", at("root.json"), ...more);
  beforeEach(async () => {
    await init();
    await sign("root.json", "a", "b");
    await cp(digits, at("release"), { recursive: true });
  });

  test("is scanned and signed without a controller, and a second time is the same", async () => {
    const first = await signRelease("--key", at("release.key"));
    const second = await signRelease("--key", at("release.key"));

    expect(first.answer).toMatchObject({ model: "digits", version: "2.0.0", incomplete: null });
    expect(second.answer["release"]).toBe(first.answer["release"]);
  });

  test("is not signed by a key the root does not name for it", async () => {
    expect(await signRelease("--key", at("d.key"))).toMatchObject({ exitCode: 2 });
    expect(await readdir(at("release"))).not.toContain("release.dsse.json");
  });

  test("is not signed when its files are not what they should be", async () => {
    await writeFile(at("release/golden.json"), "{}");

    expect(await signRelease("--key", at("release.key"))).toMatchObject({
      answer: { error: { code: "GOLDEN" } },
    });
    expect(await readdir(at("release"))).not.toContain("release.dsse.json");
  });

  test("whose release.json was changed after it was signed is not uploaded", async () => {
    await signRelease("--key", at("release.key"));
    const manifest = await readFile(at("release/release.json"), "utf8");
    await writeFile(at("release/release.json"), manifest.replace("2.0.0", "2.0.1"));

    const { answer } = await run("release", "publish", at("release"));

    expect(answer).toMatchObject({ error: { code: "FILE" } });
    expect(JSON.stringify(answer)).toContain("release sign");
  });
});
