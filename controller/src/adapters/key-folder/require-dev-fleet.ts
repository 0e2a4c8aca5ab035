import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ed25519Signer, keyLimits, type VerifiedRoot } from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { isOf } from "./held-keys.ts";
import { readDocument, readSeed } from "./key-file.ts";

/**
 * `--dev` lets every user of the machine command the fleet, so it must not open one whose keys are guarded elsewhere. A
 * fleet made by `--dev` has its one root key beside it, as a bare seed; that key is the first thing it writes.
 *
 * @throws KeyError KEY_INVALID when this folder is a real fleet's
 */
export async function requireDevFleet(
  folder: string,
  newest: VerifiedRoot | undefined,
): Promise<void> {
  const seed = await readBareSeed(join(folder, "root.key"));
  if (newest === undefined) {
    const hasKeys = (await readdir(folder)).some((name) => name.endsWith(".key"));
    if (seed === undefined && hasKeys) throw realFleet(folder);
    return;
  }
  const rulesAlone = seed !== undefined && isOf(newest.document.roles.root, ed25519Signer(seed));
  if (!rulesAlone) throw realFleet(folder);
}

/** @returns undefined too for a key file, which `--dev` does not write */
async function readBareSeed(path: string): Promise<Uint8Array | undefined> {
  const bytes = await readDocument(path, keyLimits.fileBytesMax);
  return bytes?.[0] === "{".charCodeAt(0) ? undefined : readSeed(path);
}

function realFleet(folder: string): KeyError {
  return new KeyError(
    "KEY_INVALID",
    `expected with --dev a fleet that --dev made, with its one root key in ${folder}, got the keys of a real one, which --dev would open to every user of this machine: start without --dev, or name another folder with --data`,
  );
}
