import type { ModelName, Sha256 } from "../../units.ts";
import { KeyId, type RoleRule, type RootDocument } from "../root-document.ts";
import type { RoleKeys } from "./open-envelope.ts";
import { VerifyError } from "./verify-error.ts";

/** A root whose signatures and load rules hold; `bytes` is the envelope as received, for storing. */
export interface VerifiedRoot {
  readonly document: RootDocument;
  /** Digest of the payload. */
  readonly sha256: Sha256;
  readonly bytes: Uint8Array;
}

/** Keys and threshold of the role that signs the next root, or `desired` and `credential`. */
export function roleOf({ document }: VerifiedRoot, role: "root" | "online"): RoleKeys {
  return keysOfRule(document, document.roles[role]);
}

/**
 * Keys and threshold that may sign releases of this model.
 *
 * @throws VerifyError SIGNATURE when no rule covers the model
 */
export function releaseRoleOf(root: VerifiedRoot, model: ModelName): RoleKeys {
  const role = findReleaseRole(root, model);
  if (role !== undefined) return role;
  throw new VerifyError("SIGNATURE", `expected a release rule for ${model}, the root has none`);
}

/** The same; undefined when no rule covers the model. */
export function findReleaseRole({ document }: VerifiedRoot, model: string): RoleKeys | undefined {
  // protocol.md 1.4.2: rules are ordered; the first that matches ends the search.
  const rule = document.roles.release.find(({ models }) =>
    models.some((pattern) => matchesModel(pattern, model)),
  );
  return rule === undefined ? undefined : keysOfRule(document, rule);
}

/** The keys a rule names, of a root that satisfies the load rules. */
export function keysOfRule(root: RootDocument, rule: RoleRule): RoleKeys {
  const keys = new Map<KeyId, Uint8Array>();
  for (const [id, key] of Object.entries(root.keys)) {
    if (rule.keyids.some((named) => named === id)) {
      keys.set(KeyId.parse(id), new Uint8Array(Buffer.from(key.public, "base64")));
    }
  }
  return { keys, threshold: rule.threshold };
}

/** `*` is every model, `vision.*` every name that begins with `vision.`, anything else only itself. */
function matchesModel(pattern: string, model: string): boolean {
  if (pattern === "*" || pattern === model) return true;
  return pattern.endsWith(".*") && model.startsWith(pattern.slice(0, -1));
}
