import { randomUUID } from "node:crypto";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  acceptNextRoot,
  ed25519Signer,
  type ModelName,
  releaseRoleOf,
  type SigningKey,
  type VerifiedRoot,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KeyProvider, Keys } from "../../ports/keys.ts";
import { devRoot } from "./dev-root.ts";
import { type HeldKeys, isOf, openHeldKeys } from "./held-keys.ts";
import { makeSeed, writeDurably } from "./key-file.ts";
import { requireDevFleet } from "./require-dev-fleet.ts";
import { openRootChain, type RootChain, storeRoot } from "./root-chain.ts";

export interface KeyFolderOptions {
  /** Make what is missing: three keys and a root with one of them, for trying things out. */
  readonly dev: boolean;
  readonly clock: Clock;
  readonly provider: KeyProvider;
}

/**
 * Keys in a folder: the fleet's roots, `online*.key`, and `release*.key` where releases are signed here. `--dev` adds
 * `root.key`; in a real fleet the root keys never come near the controller.
 *
 * @throws KeyError naming the file and the way out
 */
export async function openKeyFolder(folder: string, options: KeyFolderOptions): Promise<Keys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const known = await openRootChain(folder);
  if (options.dev) await requireDevFleet(folder, known?.newest);
  const chain = known ?? (options.dev ? await makeFleet(folder, options.clock) : undefined);
  if (chain === undefined) throw await noRoot(folder);
  const held = await openHeldKeys(folder, chain.newest, options.provider);
  return new KeyFolder({ folder, provider: options.provider, chain, held });
}

interface Opened {
  readonly folder: string;
  readonly provider: KeyProvider;
  readonly chain: RootChain;
  readonly held: HeldKeys;
}

class KeyFolder implements Keys {
  readonly #folder: string;
  readonly #provider: KeyProvider;
  #chain: RootChain;
  #held: HeldKeys;
  #adopting: Promise<unknown> = Promise.resolve();

  constructor({ folder, provider, chain, held }: Opened) {
    this.#folder = folder;
    this.#provider = provider;
    this.#chain = chain;
    this.#held = held;
  }

  readonly root = (): VerifiedRoot => this.#chain.newest;

  readonly rootAt = (version: number): Uint8Array | undefined => this.#chain.bytesAt(version);

  readonly online = (): SigningKey => this.#held.online;

  readonly release = (model: ModelName): SigningKey => {
    const role = releaseRoleOf(this.#chain.newest, model);
    const rule = { keyids: [...role.keys.keys()], threshold: role.threshold };
    const key = this.#held.release.find((candidate) => isOf(rule, candidate));
    if (key !== undefined) return key;
    throw new KeyError(
      "NO_RELEASE_KEY",
      `expected a key here that may sign releases of ${model}, got ${this.#held.release.length === 0 ? "none" : "others"}: sign it where the key is (modelfleet release sign) and publish the folder again, or put release.key into ${this.#folder}`,
    );
  };

  /** One after the other: of two next roots only one can be the next. */
  readonly adoptRoot = (bytes: Uint8Array): Promise<VerifiedRoot> => {
    const mine = this.#adopting.then(() => this.#adopt(bytes));
    this.#adopting = mine.catch(() => undefined);
    return mine;
  };

  /** Nothing is on disk before everything is there that the new root needs. */
  async #adopt(bytes: Uint8Array): Promise<VerifiedRoot> {
    const next = acceptNextRoot(this.#chain.newest, bytes);
    const held = await openHeldKeys(this.#folder, next, this.#provider);
    this.#chain = await storeRoot(this.#folder, this.#chain, next);
    this.#held = held;
    return next;
  }
}

/** The seeds first, the root last: killed in between, the next start goes on where this one stopped. */
async function makeFleet(folder: string, clock: Clock): Promise<RootChain | undefined> {
  const root = ed25519Signer(await makeSeed(join(folder, "root.key"), clock));
  const release = ed25519Signer(await makeSeed(join(folder, "release.key"), clock));
  const online = ed25519Signer(await makeSeed(join(folder, "online.key"), clock));
  const signers = { root, release, online };
  const first = devRoot(signers, { fleet: randomUUID(), nowMs: clock.nowMs() });
  await writeDurably(join(folder, "root.json"), first);
  return openRootChain(folder);
}

async function noRoot(folder: string): Promise<KeyError> {
  const hasKeys = (await readdir(folder)).some((name) => name.endsWith(".key"));
  const forTrying = hasKeys
    ? ""
    : ", or start with --dev for a fleet of your own to try things out";
  return new KeyError(
    "KEY_MISSING",
    `expected the fleet's root in ${folder}, got none: make one with "modelfleet root init" and put it there as root.json with its online key as online.key${forTrying}`,
  );
}
