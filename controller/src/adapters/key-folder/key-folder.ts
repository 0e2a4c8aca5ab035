import { randomUUID } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeEnvelope,
  documentLimits,
  ed25519Signer,
  keyIdOf,
  openPinnedRoot,
  type RoleKeys,
  releaseRoleOf,
  roleOf,
  type Signer,
  sha256,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Keys } from "../../ports/keys.ts";
import { devRoot } from "./dev-root.ts";
import { makeSeed, readDocument, readSeed, writeDurably } from "./key-file.ts";

export interface KeyFolderOptions {
  /** Make what is missing: three keys and a root with one of them, for trying things out. */
  readonly dev: boolean;
  readonly clock: Clock;
}

const WAY_OUT =
  "put the fleet's root.json and the online key (online.key, a 32-byte seed in base64, mode 600) there, or start with --dev for a fleet of your own to try things out";

/**
 * Keys in a folder: `root.json`, `online.key`, and `release.key` where releases are signed here. `--dev` adds
 * `root.key`; in a real fleet the root keys never come near the controller.
 *
 * @throws KeyError naming the file and the way out
 */
export async function openKeyFolder(folder: string, options: KeyFolderOptions): Promise<Keys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (options.dev) await makeMissing(folder, options.clock);
  const root = await readRoot(join(folder, "root.json"));
  const online = await readSigner(join(folder, "online.key"));
  if (online === undefined) throw missing("online.key", folder);
  if (!holds(roleOf(root, "online"), online)) {
    throw new KeyError(
      "KEY_INVALID",
      `expected online.key in ${folder} to be an online key of root.json, it is not: put the right key there`,
    );
  }
  const release = await readSigner(join(folder, "release.key"));
  return {
    root: () => root,
    rootAt: (version) => (root.document.version === version ? root.bytes : undefined),
    adoptRoot: () => Promise.reject(new KeyError("KEY_INVALID", "expected one root, for ever")),
    online: () => online,
    release: (model) => releaseSigner(model),
  };

  function releaseSigner(model: Parameters<Keys["release"]>[0]): Signer {
    if (release !== undefined && holds(releaseRoleOf(root, model), release)) return release;
    throw new KeyError(
      "NO_RELEASE_KEY",
      `expected a key here that may sign releases of ${model}, got ${release === undefined ? "none" : "one the root does not allow"}: put release.key into ${folder}`,
    );
  }
}

/** The seeds first, the root last: killed in between, the next start goes on where this one stopped. */
async function makeMissing(folder: string, clock: Clock): Promise<void> {
  const [root, release, online] = [
    await makeSeed(join(folder, "root.key"), clock),
    await makeSeed(join(folder, "release.key"), clock),
    await makeSeed(join(folder, "online.key"), clock),
  ].map(ed25519Signer);
  if (root === undefined || release === undefined || online === undefined) return;
  const path = join(folder, "root.json");
  if ((await readDocument(path, documentLimits.envelopeBytesMax)) !== undefined) return;
  const signers = { root, release, online };
  await writeDurably(path, devRoot(signers, { fleet: randomUUID(), nowMs: clock.nowMs() }));
}

async function readRoot(path: string): Promise<VerifiedRoot> {
  const bytes = await readDocument(path, documentLimits.envelopeBytesMax);
  if (bytes === undefined) throw missing("root.json", path);
  try {
    return openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload));
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new KeyError("KEY_INVALID", `${path}: ${cause.message}`, { cause });
  }
}

async function readSigner(path: string): Promise<Signer | undefined> {
  const seed = await readSeed(path);
  return seed && ed25519Signer(seed);
}

function holds(role: RoleKeys, signer: Signer): boolean {
  return role.threshold === 1 && role.keys.has(keyIdOf(signer.publicKey));
}

function missing(name: string, folder: string): KeyError {
  return new KeyError("KEY_MISSING", `expected ${name} in ${folder}: ${WAY_OUT}`);
}
