import {
  encodePayload,
  keyIdOf,
  payloadTypes,
  type RootDocument,
  Sha256,
  signEnvelope,
  type VerifiedRoot,
} from "@modelfleet/protocol";
import { nextRoot, type RootChanges } from "../../src/domain/root/next-root.ts";
import type { KeyProvider } from "../../src/ports/keys.ts";
import { CliError } from "../cli-error.ts";
import { keyProvider, readPublicKeys, readRoleKeys } from "../key-access.ts";
import { type LocalContext, localContext } from "../local-context.ts";
import { readCount } from "../read-options.ts";
import { readRootFile, writeNewFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";
import { readLife } from "./init-root.ts";

export interface RotateRootOptions {
  readonly replaceOnline: readonly string[];
  readonly replaceRelease: readonly string[];
  readonly replaceRoot: readonly string[];
  readonly addRoot: readonly string[];
  readonly threshold?: string;
  readonly revokeRelease: readonly string[];
  readonly expires: string;
  readonly out: string;
  readonly json?: boolean;
}

/** The draft of the next root. Without a change it is the same again for another year. */
export async function rotateRoot(
  terminal: Terminal,
  path: string,
  options: RotateRootOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const current = await readRootFile(path);
  const changes = await readChanges(keyProvider(terminal, {}), current.document, options);
  await writeDraft(context, { current, changes, path, ...options });
}

export interface DraftPlan {
  readonly current: VerifiedRoot;
  readonly changes: RootChanges;
  /** Of the current root. */
  readonly path: string;
  readonly expires: string;
  readonly out: string;
}

export async function writeDraft(context: LocalContext, plan: DraftPlan): Promise<void> {
  const { current, changes, path, out } = plan;
  const life = { nowMs: context.terminal.nowMs(), lifeMs: readLife(plan.expires) };
  const document = nextRoot(current.document, changes, life);
  await writeNewFile(out, signEnvelope(payloadTypes.root, encodePayload(document), []));
  const { version, expires, roles } = document;
  const made = { file: out, version, expires, threshold: roles.root.threshold, signatures: 0 };
  context.answer(made, () => `${out}  root ${version}, until ${expires}, unsigned`);
  context.say(
    `next: modelfleet root sign ${out} --against ${path} --key KEY, with ${current.document.roles.root.threshold} root keys`,
  );
}

async function readChanges(
  provider: KeyProvider,
  current: RootDocument,
  options: RotateRootOptions,
): Promise<RootChanges> {
  const { replaceOnline, threshold } = options;
  return {
    ...(replaceOnline.length === 0
      ? {}
      : { online: await readRoleKeys(provider, "--replace-online", replaceOnline) }),
    release: await readRules(provider, current, options.replaceRelease),
    root: await readReplacements(provider, options.replaceRoot),
    addRoot: await readRoleKeys(provider, "--add-root", options.addRoot),
    ...(threshold === undefined ? {} : { threshold: readCount("--threshold", threshold) }),
    revokeReleases: options.revokeRelease.map(readDigest),
  };
}

/** `rule=file`, or only the file where there is one rule. */
async function readRules(
  provider: KeyProvider,
  { roles }: RootDocument,
  parts: readonly string[],
): Promise<ReadonlyMap<string, readonly Uint8Array[]>> {
  const rules = new Map<string, readonly Uint8Array[]>();
  for (const part of parts) {
    const named = roles.release.find(({ name }) => part.startsWith(`${name}=`))?.name;
    const name = named ?? onlyRule(roles.release, part);
    const file = named === undefined ? part : part.slice(named.length + 1);
    rules.set(name, [...(rules.get(name) ?? []), ...(await readPublicKeys(provider, [file]))]);
  }
  return rules;
}

function onlyRule(rules: RootDocument["roles"]["release"], part: string): string {
  const [first, ...others] = rules;
  if (first !== undefined && others.length === 0) return first.name;
  const names = rules.map(({ name }) => name).join(", ");
  throw new CliError("USAGE", `--replace-release: expected RULE=FILE (${names}), got "${part}"`);
}

async function readReplacements(
  provider: KeyProvider,
  parts: readonly string[],
): Promise<NonNullable<RootChanges["root"]>> {
  const replacements = [];
  for (const part of parts) {
    const [, from, to] = /^([^=]+)=([^=]+)$/.exec(part) ?? [];
    if (from === undefined || to === undefined) {
      throw new CliError("USAGE", `--replace-root: expected OLD=NEW, two key files, got "${part}"`);
    }
    const [oldKey, newKey] = await readPublicKeys(provider, [from, to]);
    if (oldKey === undefined || newKey === undefined) throw new RangeError("expected two keys");
    replacements.push({ from: keyIdOf(oldKey), to: newKey });
  }
  return replacements;
}

function readDigest(text: string): Sha256 {
  const digest = Sha256.safeParse(text);
  if (digest.success) return digest.data;
  throw new CliError("USAGE", `--revoke-release: expected the digest of a release, got "${text}"`);
}
