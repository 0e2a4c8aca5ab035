import { join } from "node:path";
import {
  blobLimits,
  checkDesired,
  type DesiredModel,
  ed25519Signer,
  isCodedError,
  openPinnedRoot,
  type Signer,
  type VerifiedRoot,
  type Verifier,
  VerifyError,
} from "@modelfleet/protocol";
import { processTable } from "./adapters/clock/process-table.ts";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { captureFolder } from "./adapters/file-store/capture-folder.ts";
import { durableWriter, sweepTemporaries } from "./adapters/file-store/durable-write.ts";
import { fileIdentity } from "./adapters/file-store/file-identity.ts";
import { openFileStore } from "./adapters/file-store/file-store.ts";
import type { ProcessTable } from "./adapters/file-store/folder-lock.ts";
import { nodeFs } from "./adapters/file-store/node-fs.ts";
import { readJsonFile } from "./adapters/file-store/read-json-file.ts";
import { spareFolder } from "./adapters/file-store/spare-folder.ts";
import { takeFolder } from "./adapters/file-store/take-folder.ts";
import { updateLockFile } from "./adapters/file-store/update-lock-file.ts";
import { faultOf, StateRecord, slotRuined, stateLost } from "./app/install/state-record.ts";
import type { EnrolmentRecord } from "./domain/enrolment-record.ts";
import { type AgentState, emptyState } from "./domain/install/agent-state.ts";
import { StoreError } from "./domain/store-error.ts";
import type { CaptureStore } from "./ports/capture-store.ts";
import type { DurableWrite, Fs } from "./ports/fs.ts";
import type { IdentityStore } from "./ports/identity-store.ts";
import type { Log } from "./ports/log.ts";
import type { ModelStore } from "./ports/model-store.ts";
import type { UpdateLock, UpdateLockStore } from "./ports/update-lock.ts";

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
  readonly updateLock: UpdateLockStore;
  /** As it was at the start. */
  readonly locked: UpdateLock | null;
  readonly captures: CaptureStore;
  /** Where runners have their folders. */
  readonly runFolder: string;
  readonly release: () => Promise<void>;
}

/** What the start of an agent brings along. */
export interface FolderStart {
  readonly log: Log;
  /** When this program was built, where that is known. */
  readonly builtAtMs?: number | undefined;
  /** Those of this machine, unless a test brings its own. */
  readonly fs?: Fs;
  readonly processes?: ProcessTable;
  readonly spare?: (folder: string) => Promise<string | undefined>;
  readonly verify?: Verifier;
}

/**
 * Opens also on a disk that takes nothing any more: what runs is still known.
 *
 * @throws StoreError NOT_ENROLLED | LOCKED | …
 */
export async function openDataFolder(folder: string, start: FolderStart): Promise<DataFolder> {
  const { fs = nodeFs, processes = processTable, spare = spareFolder, log } = start;
  const write = createWriter(fs);
  const identity = fileIdentity({ fs, folder, write });
  const enrolled = await identity.enrolment();
  if (enrolled === undefined) throw notEnrolled(folder);
  const taken = await takeFolder(folder, { fs, processes, log, spare: () => spare(folder) });
  try {
    await sweepTemporaries(fs, [join(folder, "identity"), join(folder, "trust")]);
    const opened = { folder, write, identity, enrolment: enrolled.record };
    return { ...(await readFolder(opened, enrolled.anchor, start)), ...taken };
  } catch (cause) {
    await taken.release();
    throw cause;
  }
}

type Opened = Pick<DataFolder, "enrolment" | "identity" | "write"> & { readonly folder: string };

async function readFolder(opened: Opened, anchorBytes: Uint8Array, start: FolderStart) {
  const { folder, write, identity, enrolment } = opened;
  const { fs = nodeFs, log, verify } = start;
  const anchor = openPinnedRoot(anchorBytes, enrolment.rootSha256, verify);
  const seed = await readSeed(identity, folder);
  const store = await openFileStore({ fs, folder, write });
  const { state, ...found } = await beginBoot(store, anchor, start);
  const root = await readRoot(store, state, { anchor, log, verify });
  const { device } = enrolment;
  const record = new StateRecord(store, state, { device, root, verify, ...found });
  const wanted = await readWanted(store, record);
  const signer = ed25519Signer(seed);
  const updateLock = updateLockFile({ fs, folder, write });
  const locked = await updateLock.read();
  const captures = captureFolder({ fs, folder, write });
  const held = { store, write, record, wanted, updateLock, locked, captures };
  return { enrolment, identity, seed, signer, ...held };
}

/** A temporary name is used once by one process; the folder lock keeps other processes out. */
export function createWriter(fs: Fs = nodeFs): DurableWrite {
  let serial = 0;
  return durableWriter(fs, () => {
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

/** Every start has a number of its own, on disk before anything is sent under it, unless the disk is broken. */
async function beginBoot(
  store: ModelStore,
  anchor: VerifiedRoot,
  { log, builtAtMs = 0 }: FolderStart,
) {
  const held = await store.readState();
  const isLost = held === undefined;
  if (isLost) log.error({ event: "state.lost", code: stateLost.code }, stateLost.detail);
  const ruined = store.ruinedSlot();
  if (ruined !== undefined) {
    log.warn({ event: "state.slot-damaged", path: ruined }, slotRuined(ruined).detail);
  }
  const before = held ?? lostState(anchor);
  // protocol.md 1.6.2: it is not earlier than the day this program was built.
  const timeFloorMs = Math.max(before.timeFloorMs, builtAtMs);
  const state = { ...before, boot: before.boot + 1, timeFloorMs };
  try {
    await store.commit(state);
    return { state, isLost };
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    // A broken disk must not take the device off the network: what runs is still known.
    log.error({ event: "state.uncommitted", code: cause.code }, cause.message);
    return { state, isLost, uncommitted: faultOf(cause) };
  }
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

interface RootReading extends Pick<FolderStart, "log"> {
  readonly anchor: VerifiedRoot;
  readonly verify?: Verifier | undefined;
}

/**
 * The root the state names. Its chain was walked when it was adopted; the digest in the checksummed state vouches for it.
 * Undefined when its document is lost or damaged: then it is fetched again by that digest, and nothing new is followed before.
 */
export async function readRoot(
  store: ModelStore,
  { rootVersion, rootSha256 }: AgentState,
  { anchor, log, verify }: RootReading,
): Promise<VerifiedRoot | undefined> {
  if (rootSha256 === anchor.sha256) return anchor;
  try {
    const bytes = await store.readDocument(rootSha256);
    if (bytes !== undefined) return openPinnedRoot(bytes, rootSha256, verify);
  } catch (cause) {
    if (!isCodedError(cause)) throw cause;
  }
  const text = `expected root ${rootVersion} (${rootSha256}) on disk; it is fetched again`;
  log.error({ event: "root.lost", version: rootVersion }, text);
  return undefined;
}

/** What was wanted before this start; nothing when its document cannot be read, until the controller says it again. */
export async function readWanted(
  store: ModelStore,
  record: StateRecord,
): Promise<readonly DesiredModel[]> {
  const { desiredSha256, timeFloorMs } = record.current();
  const context = { nowMs: timeFloorMs, expectedNonce: null, requireNonce: true };
  try {
    const bytes = desiredSha256 === null ? undefined : await store.readDocument(desiredSha256);
    if (bytes === undefined) return [];
    const checked = checkDesired(record.trust(), bytes, context, record.verify);
    return checked.kind === "same" ? checked.desired.models : [];
  } catch (cause) {
    if (cause instanceof VerifyError || cause instanceof StoreError) return [];
    throw cause;
  }
}
