import {
  blobLimits,
  checkDesired,
  type DesiredModel,
  ed25519Signer,
  isCodedError,
  openPinnedRoot,
  type Signer,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { processTable } from "./adapters/clock/process-table.ts";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { durableWriter } from "./adapters/file-store/durable-write.ts";
import { fileIdentity } from "./adapters/file-store/file-identity.ts";
import { openFileStore } from "./adapters/file-store/file-store.ts";
import { type FolderLock, lockFolder } from "./adapters/file-store/folder-lock.ts";
import { nodeFs } from "./adapters/file-store/node-fs.ts";
import { readJsonFile } from "./adapters/file-store/read-json-file.ts";
import { StateRecord } from "./app/install/state-record.ts";
import type { EnrolmentRecord } from "./domain/enrolment-record.ts";
import { type AgentState, emptyState } from "./domain/install/agent-state.ts";
import { StoreError } from "./domain/store-error.ts";
import type { DurableWrite } from "./ports/fs.ts";
import type { IdentityStore } from "./ports/identity-store.ts";
import type { Log } from "./ports/log.ts";
import type { ModelStore } from "./ports/model-store.ts";

/** Everything of one enrolled device's data folder, in use by this process alone. */
export interface DataFolder {
  readonly enrolment: EnrolmentRecord;
  readonly identity: IdentityStore;
  /** Of the device's key. */
  readonly seed: Uint8Array;
  readonly signer: Signer;
  readonly store: ModelStore;
  readonly write: DurableWrite;
  /** Of this start; its `boot` is new. */
  readonly record: StateRecord;
  readonly wanted: readonly DesiredModel[];
  readonly lock: FolderLock;
}

/** What the start of an agent brings along. */
export interface FolderStart {
  readonly log: Log;
  /** When this program was built, where that is known. */
  readonly builtAtMs?: number | undefined;
}

/** @throws StoreError NOT_ENROLLED | LOCKED | … */
export async function openDataFolder(folder: string, start: FolderStart): Promise<DataFolder> {
  const write = createWriter();
  const identity = fileIdentity({ fs: nodeFs, folder, write });
  const enrolled = await identity.enrolment();
  if (enrolled === undefined) throw notEnrolled(folder);
  const lock = await lockFolder(nodeFs, folder, processTable);
  try {
    const anchor = openPinnedRoot(enrolled.anchor, enrolled.record.rootSha256);
    const { device } = enrolled.record;
    const seed = await readSeed(identity, folder);
    const signer = ed25519Signer(seed);
    const store = await openFileStore({ fs: nodeFs, folder, write });
    const state = await beginBoot(store, anchor, start);
    const root = await readRoot(store, state, { anchor, log: start.log });
    const record = new StateRecord(store, state, { device, root });
    const wanted = await readWanted(store, record);
    const enrolment = enrolled.record;
    return { enrolment, identity, seed, signer, store, write, record, wanted, lock };
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

/** A temporary name is used once by one process; the folder lock keeps other processes out. */
export function createWriter(): DurableWrite {
  let serial = 0;
  return durableWriter(nodeFs, () => {
    serial += 1;
    return serial;
  });
}

export function notEnrolled(folder: string): StoreError {
  const way = 'enrol it first: "modelfleet agent enrol <string> --data <folder>"';
  return new StoreError("NOT_ENROLLED", `expected an enrolled device in ${folder}; ${way}`);
}

export function readProfileFile(path: string): Promise<unknown> {
  return readJsonFile(nodeFs, path, blobLimits.profileBytesMax);
}

/** The key was made at enrolment; a new one here would be a stranger to the controller. */
async function readSeed(identity: IdentityStore, folder: string): Promise<Uint8Array> {
  return identity.deviceSeed(() => {
    const way = "enrol this device again into a new folder";
    throw new StoreError("NOT_ENROLLED", `expected the device's key in ${folder}; ${way}`);
  });
}

/** Every start has a number of its own, on disk before anything is sent under it. */
async function beginBoot(
  store: ModelStore,
  anchor: VerifiedRoot,
  { log, builtAtMs = 0 }: FolderStart,
): Promise<AgentState> {
  const held = await store.readState();
  if (held === undefined) {
    const text =
      "both state slots are unreadable; only an answer to a fresh hello will be followed";
    log.error({ event: "state.lost", code: "STATE_LOST" }, text);
  }
  const before = held ?? lostState(anchor);
  // protocol.md 1.6.2: it is not earlier than the day this program was built.
  const timeFloorMs = Math.max(before.timeFloorMs, builtAtMs);
  const next = { ...before, boot: before.boot + 1, timeFloorMs };
  try {
    await store.commit(next);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    // A broken disk must not take the device off the network: what runs is still known.
    log.error({ event: "state.uncommitted", code: cause.code }, cause.message);
  }
  return next;
}

/**
 * The controller takes nothing under a start number it has seen already, and how many there were is lost too:
 * it goes on at the seconds of the clock, which no count of starts reaches.
 */
function lostState(root: VerifiedRoot): AgentState {
  const first = firstState(root);
  const nowMs = Math.max(systemClock.nowMs(), first.timeFloorMs);
  return { ...first, boot: Math.floor(nowMs / 1_000) };
}

export function firstState(root: VerifiedRoot): AgentState {
  const { version, issuedAt } = root.document;
  return emptyState({ version, sha256: root.sha256 }, Date.parse(issuedAt));
}

/**
 * The root the state names. Its chain was walked when it was adopted; the digest in the checksummed state vouches for it.
 * Undefined when its document is lost or damaged: then it is fetched again by that digest, and nothing new is followed before.
 */
export async function readRoot(
  store: ModelStore,
  { rootVersion, rootSha256 }: AgentState,
  { anchor, log }: { readonly anchor: VerifiedRoot; readonly log: Log },
): Promise<VerifiedRoot | undefined> {
  if (rootSha256 === anchor.sha256) return anchor;
  try {
    const bytes = await store.readDocument(rootSha256);
    if (bytes !== undefined) return openPinnedRoot(bytes, rootSha256);
  } catch (cause) {
    if (!isCodedError(cause)) throw cause;
  }
  const text = `expected root ${rootVersion} (${rootSha256}) on disk; it is fetched again`;
  log.error({ event: "root.lost", version: rootVersion }, text);
  return undefined;
}

/** What was wanted before this start; nothing when its document is gone, until the controller says it again. */
export async function readWanted(
  store: ModelStore,
  record: StateRecord,
): Promise<readonly DesiredModel[]> {
  const { desiredSha256, timeFloorMs } = record.current();
  const bytes = desiredSha256 === null ? undefined : await store.readDocument(desiredSha256);
  if (bytes === undefined) return [];
  const context = { nowMs: timeFloorMs, expectedNonce: null, requireNonce: true };
  try {
    const checked = checkDesired(record.trust(), bytes, context);
    return checked.kind === "same" ? checked.desired.models : [];
  } catch (cause) {
    if (cause instanceof VerifyError) return [];
    throw cause;
  }
}
