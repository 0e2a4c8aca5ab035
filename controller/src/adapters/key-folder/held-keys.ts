import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type KeyId,
  keyIdOf,
  keyLimits,
  type RoleRule,
  type SigningKey,
  type VerifiedRoot,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import type { KeyHandle, KeyProvider } from "../../ports/keys.ts";

/** The keys of a folder that a root gives something to do. */
export interface HeldKeys {
  readonly online: SigningKey;
  readonly release: readonly SigningKey[];
}

/**
 * Opens, of `online*.key` and `release*.key`, the ones this root names; the others stay closed. So the key of the next
 * root may lie there before that root is published, and the one of the last until it is taken away.
 *
 * @throws KeyError KEY_MISSING when there is no online key at all, ONLINE_KEY_MISSING when none is this root's
 */
export async function openHeldKeys(
  folder: string,
  root: VerifiedRoot,
  provider: KeyProvider,
): Promise<HeldKeys> {
  const { online, release } = root.document.roles;
  const onlineKeys = await readHandles(folder, "online", provider);
  const usable = onlineKeys.find((handle) => isOf(online, handle));
  if (usable === undefined) throw noOnlineKey(folder, onlineKeys, online);
  const releaseKeys = (await readHandles(folder, "release", provider)).filter((handle) =>
    release.some((rule) => isOf(rule, handle)),
  );
  const opened: SigningKey[] = [];
  for (const handle of releaseKeys) opened.push(await handle.open());
  return { online: await usable.open(), release: opened };
}

/** Whether this key alone is enough. */
export function isOf(rule: RoleRule, { publicKey }: Pick<KeyHandle, "publicKey">): boolean {
  return rule.threshold === 1 && rule.keyids.includes(keyIdOf(publicKey));
}

async function readHandles(
  folder: string,
  prefix: string,
  provider: KeyProvider,
): Promise<readonly KeyHandle[]> {
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(prefix) && name.endsWith(".key"),
  );
  if (names.length > keyLimits.filesPerFolderMax) {
    throw new KeyError(
      "KEY_INVALID",
      `expected at most ${keyLimits.filesPerFolderMax} files ${prefix}*.key in ${folder}, got ${names.length}`,
    );
  }
  const handles: KeyHandle[] = [];
  for (const name of names.toSorted()) handles.push(await provider.read(join(folder, name)));
  return handles;
}

function noOnlineKey(folder: string, got: readonly KeyHandle[], { keyids }: RoleRule): KeyError {
  const wanted = keyids.map(short).join(" or ");
  if (got.length === 0) {
    return new KeyError(
      "KEY_MISSING",
      `expected the online key (${wanted}) as online.key in ${folder}, got none: put it there, or take it from its backup`,
    );
  }
  const held = got.map(({ publicKey }) => short(keyIdOf(publicKey))).join(", ");
  return new KeyError(
    "ONLINE_KEY_MISSING",
    `expected a key this root names as its only online signer (${wanted}) among online*.key in ${folder}, got ${held}: put the key there and try again`,
  );
}

function short(keyid: KeyId): string {
  return keyid.slice(0, 16);
}
