import { formatTimestamp, type Signer } from "@modelfleet/protocol";
import {
  fixtureTimes,
  fleetKeys,
  keyTable,
  roleRule,
  rootDocument,
  signDocument,
} from "../trust-fixtures.ts";

export type ChainKeys = {
  /** Three; two of them must sign. */
  readonly root: readonly Signer[];
  readonly release: Signer;
  readonly online: Signer;
};

/**
 * The roots of the fixture fleet after the first, each signed by the keys before and its own.
 *
 * - `next(keys, changes)`: the envelope of the next root; its keys sign everything from then on.
 * - `keys()`, `version()`: those of the newest root.
 */
export function rootChain() {
  let version = 1;
  let keys: ChainKeys = fleetKeys;

  function next(replaced: Partial<ChainKeys> = {}, changes: object = {}): Uint8Array {
    const before = keys;
    version += 1;
    keys = { ...keys, ...replaced };
    const signers = [...before.root.slice(0, 2), ...keys.root.slice(0, 2)];
    return signDocument(
      documentOf(version, keys, changes),
      signers.filter((signer, index) => signers.indexOf(signer) === index),
    );
  }

  return { next, keys: () => keys, version: () => version };
}

/** A root of this version with these keys, issued on that many days after the first. */
export function documentOf(version: number, keys: ChainKeys, changes: object = {}) {
  const { root, release, online } = keys;
  return rootDocument({
    version,
    issuedAt: formatTimestamp(fixtureTimes.issuedAtMs + version * 1_000),
    keys: keyTable([...root, release, online]),
    roles: {
      root: roleRule(root, 2),
      release: [{ name: "default", models: ["*"], ...roleRule([release], 1) }],
      online: roleRule([online], 1),
    },
    ...changes,
  });
}
