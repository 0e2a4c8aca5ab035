import { join } from "node:path";
import { documentLimits, type ReleaseDocument, type Sha256 } from "@modelfleet/protocol";
import { AgentState } from "../../domain/install/agent-state.ts";
import { onceDone } from "../../domain/once-done.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type { KeepList, ModelStore } from "../../ports/model-store.ts";
import { BlobFolder } from "./blob-folder.ts";
import { StateSlots } from "./state-slots.ts";
import { storeFailure } from "./store-failure.ts";
import { readWhole } from "./whole-file.ts";

export interface FileStoreOptions {
  readonly fs: Fs;
  readonly folder: string;
  readonly write: DurableWrite;
}

/**
 * The data folder of one agent: `state/{a,b}`, `docs/`, `blobs/`, `partial/` (store.md 1).
 *
 * A disk that takes nothing opens as well: what is on it can be read, and each write tries again to prepare it.
 */
export async function openFileStore(options: FileStoreOptions): Promise<ModelStore> {
  const { fs, folder, write } = options;
  const docs = join(folder, "docs");
  const slots = new StateSlots(fs, join(folder, "state"));
  const blobs = new BlobFolder(fs, folder);
  const prepared = onceDone(() =>
    told("preparing the data folder", async () => {
      await blobs.prepare();
      await fs.makeFolder(docs, 0o700);
      // Last: it makes the names of all these folders durable.
      await slots.prepare();
    }),
  );
  await prepared().catch(toldByTheNextWrite);
  return {
    readState: async () => parseState(await slots.read()),
    ruinedSlot: () => slots.ruined(),
    commit: async (state) => {
      await prepared();
      await slots.commit(JSON.stringify(state));
    },
    readDocument: (digest) =>
      told("reading a document", () =>
        readWhole(fs, documentPath(docs, digest), documentLimits.envelopeBytesMax),
      ),
    keepDocument: async (digest, bytes) => {
      await prepared();
      await write({ path: documentPath(docs, digest), bytes, permissions: 0o600 });
    },
    removeDocument: (digest) =>
      told("removing a document", () => fs.remove(documentPath(docs, digest))),
    holds: (file) => told("looking for a model file", () => blobs.holds(file)),
    verifyFiles: (document) => told("hashing model files", () => verifyFiles(blobs, document)),
    openPartial: async (file) => {
      await prepared();
      return blobs.openPartial(file);
    },
    requireSpace: (missingBytes) => told("making room", () => blobs.requireSpace(missingBytes)),
    partialBytes: (files) => told("making room", () => blobs.partialBytes(files)),
    collect: (keep) => told("removing what nothing needs", () => collect(options, blobs, keep)),
  };
}

function toldByTheNextWrite(cause: unknown): void {
  if (!(cause instanceof StoreError)) throw cause;
}

/** The slot's checksum held, so a record of another form is one of another program version: start afresh. */
function parseState(json: string | undefined): AgentState | undefined {
  if (json === undefined) return undefined;
  const parsed = AgentState.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : undefined;
}

async function verifyFiles(
  blobs: BlobFolder,
  document: ReleaseDocument,
): Promise<ReadonlyMap<string, string> | undefined> {
  const paths = new Map<string, string>();
  for (const file of document.files) {
    if (await blobs.verify(file)) paths.set(file.path, blobs.pathOf(file));
  }
  return paths.size === document.files.length ? paths : undefined;
}

async function collect(options: FileStoreOptions, blobs: BlobFolder, keep: KeepList) {
  const docs = join(options.folder, "docs");
  for (const name of await options.fs.list(docs)) {
    if (!keep.documents.has(name.replace(/\.json$/, ""))) await options.fs.remove(join(docs, name));
  }
  await blobs.collect(keep.blobs);
}

function documentPath(docs: string, digest: Sha256): string {
  return join(docs, `${digest}.json`);
}

async function told<T>(doing: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw storeFailure(doing, cause);
  }
}
