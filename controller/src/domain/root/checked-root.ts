import {
  encodePayload,
  isCodedError,
  type KeyId,
  loadRoot,
  type RootDocument,
} from "@modelfleet/protocol";
import { RootError } from "../errors.ts";

/**
 * A root document that every device would load, and in which no key serves two roles: whoever held such a key would
 * hold both.
 *
 * @throws RootError ROOT_DRAFT naming what is wrong
 */
export function checkedRoot(draft: object): RootDocument {
  const document = load(draft);
  const { root, online, release } = document.roles;
  const signers = release.flatMap(({ keyids }) => keyids);
  refuseShared(root.keyids, signers, "a root and a release key");
  refuseShared(online.keyids, signers, "an online and a release key");
  return document;
}

function load(draft: object): RootDocument {
  try {
    return loadRoot(encodePayload(draft));
  } catch (cause) {
    if (!isCodedError(cause)) throw cause;
    throw new RootError("ROOT_DRAFT", `this root would be refused: ${cause.message}`, { cause });
  }
}

function refuseShared(left: readonly KeyId[], right: readonly KeyId[], what: string): void {
  const shared = left.find((keyid) => right.includes(keyid));
  if (shared === undefined) return;
  throw new RootError(
    "ROOT_DRAFT",
    `expected each key in one role, got ${shared.slice(0, 16)} as ${what}: make another key`,
  );
}
