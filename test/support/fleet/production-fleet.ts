import { randomBytes } from "node:crypto";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeBase64, encodePayload, payloadTypes, signEnvelope } from "@modelfleet/protocol";
import type { z } from "zod";
import { sealSeed } from "../../../controller/src/adapters/key-provider/sealed-seed.ts";
import { writeKeyFile } from "../../../controller/src/adapters/key-provider/write-key-file.ts";
import { firstRoot } from "../../../controller/src/domain/root/first-root.ts";
import { eventually } from "../eventually.ts";
import { writePlainKey } from "../key-files.ts";
import { seedOf, seedSigner } from "../trust-fixtures.ts";
import { runHere } from "./run-here.ts";
import { startUntil, type TestController } from "./small-fleet.ts";
import { type Typed, typeCommand } from "./typed-commands.ts";

const PASSPHRASE = "a passphrase of a test";

export type ProductionFleet = TestController &
  AsyncDisposable & {
    /** Where the people type: their keys, `root.json` and `releases/`. */
    readonly people: string;
    /** `<data>/keys` of the controller. */
    readonly keys: string;
    /** Types a line of a runbook; fails when the command does. */
    readonly type: (line: string) => Promise<Typed>;
    readonly attemptLine: (line: string) => Promise<Typed>;
  };

/**
 * A fleet as docs/operations.md makes one: root 2 of 3, the release key away from the controller, the online key under a
 * passphrase, no --dev. The people's own keys are bare seeds, so that no test waits for their passphrases.
 */
export async function productionFleet(folder: string): Promise<ProductionFleet> {
  const [people, data] = [join(folder, "people"), join(folder, "controller")];
  const keys = join(data, "keys");
  await mkdir(people);
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const passphraseFile = join(people, "passphrase");
  await writeFile(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
  for (const name of ["alice", "bob", "carol", "release"]) await writePerson(people, name);
  await writeRoot(people);
  await writeOnlineKey(join(keys, "online.key"));
  await copyFile(join(people, "root.json"), join(keys, "root.json"));
  return startFleet({ people, keys, data, passphraseFile });
}

type Places = {
  readonly people: string;
  readonly keys: string;
  readonly data: string;
  readonly passphraseFile: string;
};

async function startFleet({ people, keys, data, passphraseFile }: Places) {
  const secrets = { MODELFLEET_KEY_PASSPHRASE_FILE: passphraseFile };
  const { program, said: listening } = await startUntil(
    "controller.listening",
    ["controller", "start", "--data", data, "--http-port", "0", "--mqtt-port", "0"],
    { env: { ...process.env, ...secrets } },
  );
  const url = String(listening["httpUrl"]);
  const apiKey = await eventually(() => {
    const [, key] = /Admin key.*: (mfk_\S+)/.exec(program.lastLines().join("\n")) ?? [];
    if (key === undefined) throw new Error("expected the first admin key");
    return key;
  });
  const env = { MODELFLEET_URL: url, MODELFLEET_API_KEY: apiKey, ...secrets };
  const attempt = (...args: readonly string[]) => runHere([...args, "--json"], env);
  const attemptLine = (line: string) => typeCommand(line, { folder: people, env });
  return {
    ...{ people, keys, url, program, attempt, attemptLine },
    httpPort: Number(new URL(url).port),
    mqttPort: Number(new URL(String(listening["mqttUrl"])).port),
    command: async <Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]) => {
      const result = await attempt(...args);
      const parsed = schema.safeParse(result.answer);
      if (parsed.success) return parsed.data;
      throw new Error(`modelfleet ${args.join(" ")} answered ${result.exitCode}: ${result.text}`);
    },
    type: async (line: string) => {
      const typed = await attemptLine(line);
      if (typed.exitCode === 0) return typed;
      throw new Error(`${line}\nended with ${typed.exitCode}:\n${typed.output}`);
    },
    [Symbol.asyncDispose]: () => program.stop(),
  };
}

async function writePerson(people: string, name: string): Promise<void> {
  await writePlainKey(join(people, `${name}.key`), name);
  const publicKey = encodeBase64(seedSigner(name).publicKey);
  const half = { format: "modelfleet-public-key-1", name, publicKey } as const;
  await writeKeyFile(join(people, `${name}.pub`), half);
}

async function writeRoot(people: string): Promise<void> {
  const [alice, bob, carol] = ["alice", "bob", "carol"].map(seedSigner);
  if (alice === undefined || bob === undefined || carol === undefined) throw new RangeError();
  const document = firstRoot({
    fleet: "6c6f7f0e-8a2d-4a54-9c0e-3b5a1f0d2c11",
    rootKeys: [alice, bob, carol].map(({ publicKey }) => publicKey),
    threshold: 2,
    releaseRules: [{ name: "default", models: ["*"], keys: [seedSigner("release").publicKey] }],
    onlineKeys: [seedSigner("online").publicKey],
    nowMs: Date.now() - 60_000,
    lifeMs: 365 * 86_400_000,
  });
  const envelope = signEnvelope(payloadTypes.root, encodePayload(document), [alice, bob]);
  await writeFile(join(people, "root.json"), envelope);
}

async function writeOnlineKey(path: string): Promise<void> {
  const by = { name: "online", passphrase: PASSPHRASE, randomBytes };
  const createdAt = "2026-11-21T08:00:00Z";
  await writeKeyFile(path, await sealSeed(seedOf("online"), { ...by, createdAt }));
}
