import { randomUUID } from "node:crypto";
import { encodePayload, keyLimits, payloadTypes, signEnvelope } from "@modelfleet/protocol";
import { firstRoot, type ReleaseRulePlan } from "../../src/domain/root/first-root.ts";
import type { KeyProvider } from "../../src/ports/keys.ts";
import { CliError } from "../cli-error.ts";
import { keyProvider, readRoleKeys } from "../key-access.ts";
import { localContext } from "../local-context.ts";
import { readCount, readDuration } from "../read-options.ts";
import { writeNewFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface InitRootOptions {
  readonly fleet: string;
  readonly rootKey: readonly string[];
  readonly threshold: string;
  readonly releaseKey: readonly string[];
  readonly onlineKey: readonly string[];
  readonly expires: string;
  readonly out: string;
  readonly json?: boolean;
}

/** The first root of a fleet, to be signed by its root keys. Only public halves are read. */
export async function initRoot(terminal: Terminal, options: InitRootOptions): Promise<void> {
  const context = localContext(terminal, options);
  const provider = keyProvider(terminal, {});
  const rootKeys = await readRoleKeys(provider, "--root-key", options.rootKey);
  const document = firstRoot({
    fleet: options.fleet === "auto" ? randomUUID() : options.fleet,
    rootKeys,
    threshold: readThreshold(options.threshold, rootKeys.length),
    releaseRules: await readRules(provider, options.releaseKey),
    onlineKeys: await readRoleKeys(provider, "--online-key", options.onlineKey),
    nowMs: terminal.nowMs(),
    lifeMs: readLife(options.expires),
  });
  await writeNewFile(options.out, signEnvelope(payloadTypes.root, encodePayload(document), []));
  const { fleet, version, expires } = document;
  const { threshold } = document.roles.root;
  const made = { file: options.out, fleet, version, expires, threshold, signatures: 0 };
  context.answer(made, () => `${options.out}  fleet ${fleet}, root 1, until ${expires}`);
  if (threshold === 1) {
    context.say("warning: one root key alone may change everything; 2 of 3 is the default");
  }
  context.say(`next: modelfleet root sign ${options.out} --key KEY, with ${threshold} root keys`);
}

/** @throws CliError USAGE where too few root keys are named to reach it */
function readThreshold(text: string, keys: number): number {
  const threshold = readCount("--threshold", text);
  if (threshold <= keys) return threshold;
  throw new CliError(
    "USAGE",
    `--threshold: expected at most ${keys}, as many as --root-key names, got ${threshold}: name more root keys, or a lower --threshold`,
  );
}

/** How long a root is in force. @throws CliError USAGE */
export function readLife(text: string): number {
  const lifeMs = readDuration("--expires", text);
  if (lifeMs >= keyLimits.rootLifeMsMin && lifeMs <= keyLimits.rootLifeMsMax) return lifeMs;
  throw new CliError("USAGE", `--expires: expected 1d to 3650d, got "${text}"`);
}

/** `file` signs every model, `vision.*=file` those; what is named more narrowly is tried first. */
async function readRules(
  provider: KeyProvider,
  parts: readonly string[],
): Promise<readonly ReleaseRulePlan[]> {
  const files = new Map<string, string[]>();
  for (const part of parts) {
    const [, models = "*", file = part] = /^([a-z0-9.*,-]+)=(.+)$/.exec(part) ?? [];
    files.set(models, [...(files.get(models) ?? []), file]);
  }
  const rules: ReleaseRulePlan[] = [];
  for (const [models, paths] of [...files].toSorted(narrowFirst)) {
    const name = models === "*" ? "default" : models;
    const keys = await readRoleKeys(provider, "--release-key", paths);
    rules.push({ name, models: models.split(","), keys });
  }
  return rules;
}

/** By the widest of their patterns: what that takes must not be taken from a narrower rule. */
function narrowFirst([left]: [string, unknown], [right]: [string, unknown]): number {
  return narrowness(right) - narrowness(left);
}

/** How many characters the widest pattern fixes; a whole name is narrower than a prefix of its length. */
function narrowness(models: string): number {
  const fixed = models
    .split(",")
    .map((pattern) => (pattern.endsWith("*") ? pattern.length - 1 : pattern.length + 1));
  return Math.min(...fixed);
}
