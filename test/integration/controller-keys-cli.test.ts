import { appendFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import {
  acceptNextRoot,
  decodeEnvelope,
  keyIdOf,
  ModelName,
  openPinnedRoot,
  releaseRoleOf,
  sha256,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLocalFiles } from "../../controller/cli/local-files.ts";
import { runProgram } from "../../controller/cli/program.ts";
import { readManifest } from "../../controller/cli/release-folder.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { writePlainKey } from "../support/key-files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { seedSigner } from "../support/trust-fixtures.ts";

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

  test("is not drafted with a key twice in a role, by whichever file", async () => {
    await cp(at("a.key"), at("alias.key"));
    for (const [option, name] of [
      ["--root-key", "alias"],
      ["--release-key", "release"],
      ["--online-key", "online"],
    ] as const) {
      const { exitCode, answer } = await init(option, at(`${name}.key`));
      expect({ exitCode, answer }).toMatchObject({
        exitCode: 2,
        answer: { error: { code: "USAGE" } },
      });
      expect(JSON.stringify(answer)).toMatch(new RegExp(`${option}: .* and in .*/${name}.key`));
    }
    expect(await readdir(folder.path)).not.toContain("root.json");
  });

  test("has a threshold that its keys can reach", async () => {
    const { exitCode, answer } = await init("--threshold", "4");

    expect(exitCode).toBe(2);
    expect(JSON.stringify(answer)).toMatch(/--threshold: expected at most 3.*--root-key.*got 4/);
    expect(await init("--threshold", "3")).toMatchObject({ exitCode: 0 });
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
    await init("--release-key", `vision.*=${at("d.key")}`);

    const { document } = await run("root", "inspect", at("root.json")).then(
      ({ answer }) => answer as { document: { roles: { release: { name: string }[] } } },
    );
    expect(document.roles.release.map(({ name }) => name)).toEqual(["vision.*", "default"]);
  });

  test("tries a rule after another that is narrower, however many models it names", async () => {
    await writePlainKey(at("e.key"), "e");
    const wide = "vision.*,sound.*,text.*";
    await init("--release-key", `${wide}=${at("d.key")}`, `vision.cam.*=${at("e.key")}`);
    await sign("root.json", "a", "b");

    const root = await rootIn("root.json");

    const names = [...releaseRoleOf(root, ModelName.parse("vision.cam.defects")).keys.keys()];
    expect(names).toEqual([keyIdOf(seedSigner("e").publicKey)]);
  });

  test("says where the file belongs to who wrote it after the keys", async () => {
    const recorded = recordedTerminal();
    const words = ["root", "sign", "--key", at("a.key"), at("root.json")];

    expect(await runProgram(words, recorded.terminal)).toBe(2);
    expect(recorded.err()).toContain("before the options");
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

  test("says of which root how many keys have still to sign", async () => {
    await rotate("--replace-root", `${at("a.key")}=${at("d.key")}`);
    const signedBy = async (name: string) => {
      const recorded = recordedTerminal();
      const keys = ["--key", at(`${name}.key`), "--against", at("root.json")];
      await runProgram(["root", "sign", at("root-2.json"), ...keys], recorded.terminal);
      return recorded.err();
    };

    expect(await signedBy("a")).toMatch(/1 more .* root 1, the one before, and 2 more .* root 2/);
    expect(await signedBy("b")).toContain("next: 1 more of the root keys of root 2 itself:");
    expect(await signedBy("c")).toContain("next: modelfleet root publish");
  });

  test("gets no signature where it cannot follow: of another fleet, or not the next", async () => {
    await init("--out", at("other.json"));
    await rotate();
    await sign("root-2.json", "a", "b");
    await run("root", "rotate", at("root-2.json"), "--out", at("root-3.json"));
    const before = await readFile(at("root-3.json"));
    const against = (file: string) =>
      run("root", "sign", at(file), "--key", at("a.key"), "--against", at("root.json"));

    for (const file of ["other.json", "root-3.json"]) {
      expect(await against(file)).toMatchObject({
        exitCode: 1,
        answer: { error: { code: "FILE" } },
      });
    }
    expect(await readFile(at("root-3.json"))).toEqual(before);
    expect(await against("root-2.json")).toMatchObject({ exitCode: 0 });
    expect((await stat(at("root-2.json"))).mode & 0o444).toBe(0o444);
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

  test("is not signed when a folder stands in the place of its model", async () => {
    await rm(at("release/model.onnx"));
    await mkdir(at("release/model.onnx"));

    expect(await signRelease("--key", at("release.key"))).toMatchObject({
      answer: { error: { code: "FILE" } },
    });
  });

  test("is not signed when somebody writes its files meanwhile", async () => {
    const manifest = await readManifest(at("release"));
    using local = openLocalFiles(at("release"), manifest);
    expect(local.refuseChanged).not.toThrow();

    await appendFile(at("release/golden.json"), " ");

    expect(local.refuseChanged).toThrow(/golden.json: was changed/);
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
