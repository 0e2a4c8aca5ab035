import {
  formatTimestamp,
  type KeyId,
  keyIdOf,
  type RoleRule,
  type RootDocument,
  type Sha256,
} from "@modelfleet/protocol";
import { RootError } from "../errors.ts";
import { checkedRoot } from "./checked-root.ts";
import { keyEntries, keyIds } from "./key-entries.ts";

/** What the next root says differently. Keys are raw Ed25519 public keys of 32 bytes. */
export interface RootChanges {
  /** In place of every online key. */
  readonly online?: readonly Uint8Array[];
  /** In place of every key of a release rule, by the rule's name. */
  readonly release?: ReadonlyMap<string, readonly Uint8Array[]>;
  /** One root key for another. */
  readonly root?: readonly { readonly from: KeyId; readonly to: Uint8Array }[];
  readonly addRoot?: readonly Uint8Array[];
  readonly threshold?: number;
  /** Keys that leave every role they have. */
  readonly revoke?: readonly KeyId[];
  readonly revokeReleases?: readonly Sha256[];
}

type Rules = RootDocument["roles"];

/**
 * The root after this one, unsigned: one version higher, with the changes, fresh for `lifeMs`. Keys without a role are
 * left out.
 *
 * @throws RootError ROOT_DRAFT when the change cannot be made, THRESHOLD_UNREACHABLE when too few keys would be left
 */
export function nextRoot(
  current: RootDocument,
  changes: RootChanges,
  { nowMs, lifeMs }: { readonly nowMs: number; readonly lifeMs: number },
): RootDocument {
  refuseWrongClock(current, nowMs);
  const replaced = replaceKeys(current.roles, changes);
  const roles = withoutKeys(replaced, changes.revoke ?? []);
  const keys = { ...current.keys, ...keyEntries(newKeys(changes)) };
  const used = new Set(rulesOf(roles).flatMap(({ keyids }) => keyids));
  return checkedRoot({
    ...current,
    version: current.version + 1,
    issuedAt: formatTimestamp(nowMs),
    expires: formatTimestamp(nowMs + lifeMs),
    keys: Object.fromEntries([...used].map((id) => [id, keys[id]])),
    roles,
    revokedReleases: [...new Set([...current.revokedReleases, ...(changes.revokeReleases ?? [])])],
  });
}

/** Devices take `issuedAt` for a time that has been (protocol.md 1.6.2): a wrong one lives long. */
function refuseWrongClock({ issuedAt }: RootDocument, nowMs: number): void {
  if (nowMs >= Date.parse(issuedAt)) return;
  throw new RootError(
    "ROOT_DRAFT",
    `expected a clock after ${issuedAt}, when the current root was issued, got ${formatTimestamp(nowMs)}: set this machine's clock`,
  );
}

function replaceKeys(roles: Rules, changes: RootChanges): Rules {
  const { online, release = new Map<string, readonly Uint8Array[]>() } = changes;
  for (const name of release.keys()) findRule(roles, name);
  return {
    root: replaceRoot(roles.root, changes),
    release: roles.release.map((rule) => {
      const keys = release.get(rule.name);
      return keys === undefined ? rule : { ...rule, keyids: keyIds(keys) };
    }),
    online: online === undefined ? roles.online : { ...roles.online, keyids: keyIds(online) },
  };
}

function findRule({ release }: Rules, name: string): void {
  if (release.some((rule) => rule.name === name)) return;
  const names = release.map((rule) => rule.name).join(", ");
  throw new RootError("ROOT_DRAFT", `expected a release rule (${names}), got ${name}`);
}

function replaceRoot(
  rule: RoleRule,
  { root = [], addRoot = [], threshold }: RootChanges,
): RoleRule {
  const stranger = root.find(({ from }) => !rule.keyids.includes(from));
  if (stranger !== undefined) {
    throw new RootError(
      "ROOT_DRAFT",
      `expected a root key of the current root to replace, got ${stranger.from.slice(0, 16)}`,
    );
  }
  const kept = rule.keyids.map((id) => {
    const change = root.find(({ from }) => from === id);
    return change === undefined ? id : keyIdOf(change.to);
  });
  if (new Set(kept).size < kept.length) {
    throw new RootError(
      "ROOT_DRAFT",
      "expected a new key in place of each, got one that is a root key already: to have fewer, use modelfleet key revoke",
    );
  }
  return {
    keyids: [...new Set([...kept, ...keyIds(addRoot)])],
    threshold: threshold ?? rule.threshold,
  };
}

function withoutKeys(roles: Rules, revoked: readonly KeyId[]): Rules {
  const stranger = revoked.find((id) => !rulesOf(roles).some(({ keyids }) => keyids.includes(id)));
  if (stranger !== undefined) {
    throw new RootError("ROOT_DRAFT", `expected a key of the root, got ${stranger.slice(0, 16)}`);
  }
  const without = <Rule extends RoleRule>(rule: Rule, name: string): Rule => {
    const keyids = rule.keyids.filter((id) => !revoked.includes(id));
    const isFewer = keyids.length < rule.keyids.length;
    if (isFewer && keyids.length < rule.threshold)
      throw unreachable(name, keyids.length, rule.threshold);
    return { ...rule, keyids };
  };
  return {
    root: without(roles.root, "root"),
    release: roles.release.map((rule) => without(rule, `release rule ${rule.name}`)),
    online: without(roles.online, "online"),
  };
}

function unreachable(role: string, left: number, threshold: number): RootError {
  return new RootError(
    "THRESHOLD_UNREACHABLE",
    `expected at least ${threshold} keys left in ${role}, got ${left}: replace the key instead (modelfleet root rotate --help)`,
  );
}

function newKeys({ online = [], release, root = [], addRoot = [] }: RootChanges): Uint8Array[] {
  const signers = [...(release?.values() ?? [])].flat();
  return [...online, ...signers, ...root.map(({ to }) => to), ...addRoot];
}

function rulesOf({ root, release, online }: Rules): readonly RoleRule[] {
  return [root, ...release, online];
}
