import { createPublicKey } from "node:crypto";
import { readdir, stat, writeFile } from "node:fs/promises";
import { encodeBase64 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { SIGN } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { seedOf, seedSigner } from "../support/trust-fixtures.ts";

let folder: TemporaryFolder;
const at = (name: string) => folder.inside(name);
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** As other programs write it (RFC 8410). */
function publicPem(name: string): string {
  const head = Buffer.from("302a300506032b6570032100", "hex");
  const key = Buffer.concat([head, seedSigner(name).publicKey]);
  const format = { key, format: "der", type: "spki" } as const;
  return createPublicKey(format).export({ format: "pem", type: "spki" }).toString();
}

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
    const list = recordedTerminal();
    await runProgram(["key", "list", folder.path, "--json"], list.terminal);
    const { keys } = JSON.parse(list.out()) as { keys: unknown };
    expect(keys).toContainEqual(
      expect.objectContaining({ file: "e.key", kind: "encrypted", name: "e" }),
    );
    expect(keys).toContainEqual(expect.objectContaining({ file: "e.pub", kind: "public" }));
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
