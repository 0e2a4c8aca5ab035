import { formatTimestamp, type RootDocument } from "@modelfleet/protocol";
import { checkedRoot } from "./checked-root.ts";
import { keyEntries, keyIds } from "./key-entries.ts";

/** Who may do what in a new fleet. Keys are raw Ed25519 public keys of 32 bytes. */
export interface FirstRootPlan {
  /** A UUID. */
  readonly fleet: string;
  readonly rootKeys: readonly Uint8Array[];
  /** How many root keys must sign. */
  readonly threshold: number;
  /** In the order they are tried. */
  readonly releaseRules: readonly ReleaseRulePlan[];
  readonly onlineKeys: readonly Uint8Array[];
  readonly nowMs: number;
  readonly lifeMs: number;
}

export interface ReleaseRulePlan {
  readonly name: string;
  /** Model names, prefixes like `vision.*`, or `*`. */
  readonly models: readonly string[];
  readonly keys: readonly Uint8Array[];
}

/**
 * Version 1 of a fleet's root, unsigned. One release key and one online key suffice each; the root has its threshold.
 *
 * @throws RootError ROOT_DRAFT
 */
export function firstRoot(plan: FirstRootPlan): RootDocument {
  const { fleet, nowMs, rootKeys, threshold, releaseRules, onlineKeys } = plan;
  const everyKey = [...rootKeys, ...releaseRules.flatMap(({ keys }) => keys), ...onlineKeys];
  return checkedRoot({
    type: "root",
    spec: 1,
    fleet,
    version: 1,
    issuedAt: formatTimestamp(nowMs),
    expires: formatTimestamp(nowMs + plan.lifeMs),
    keys: keyEntries(everyKey),
    roles: {
      root: { keyids: keyIds(rootKeys), threshold },
      release: releaseRules.map(({ name, models, keys }) => ({
        ...{ name, models, keyids: keyIds(keys), threshold: 1 },
      })),
      online: { keyids: keyIds(onlineKeys), threshold: 1 },
    },
    revokedReleases: [],
  });
}
