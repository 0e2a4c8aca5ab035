import { posix } from "node:path";
import type { Fs, FsFile, FsStat, OpenMode } from "../../../../agent/src/ports/fs.ts";
import { contentAfter, type JournalEntry, type Operation } from "./operation.ts";
import { type Ino, rootIno, type Tree } from "./tree.ts";

const diskBytes = 1024 ** 3;

type Place = { readonly folder: Ino; readonly name: string; readonly ino: Ino | undefined };

/**
 * A disk in memory behind the agent's `Fs` port that writes down what is done to it. It never fails by itself and forgets
 * nothing; what a power cut would leave of it is worked out from the journal afterwards (`crash-states.ts`).
 *
 * @param note what the program believes, asked just before each operation
 */
export function crashFs<Note>(start: Tree, note: () => Note) {
  const disk = new Disk(start);
  const journal: JournalEntry<Note>[] = [];
  const act = (operation: Operation): void => {
    journal.push({ operation, note: note() });
    disk.apply(operation);
  };
  const fs: Fs = {
    open: (path, mode) => promised(() => openFile(disk, act, openIno(disk, act, { path, mode }))),
    rename: (from, to) =>
      promised(() => {
        const [source, target] = [disk.existing(from), disk.place(to)];
        const kept = { folder: target.folder, name: target.name, ino: source.ino };
        act({ do: "names", changes: [kept, { ...source, ino: null }] });
      }),
    remove: (path) =>
      promised(() => {
        const place = disk.placeOrNone(path);
        if (place?.ino !== undefined) act({ do: "names", changes: [{ ...place, ino: null }] });
      }),
    // Permissions are not part of the model: nothing the agent reads depends on them.
    setPermissions: (path) => promised(() => void disk.existing(path)),
    makeFolder: (path) => promised(() => makeFolders(disk, act, path)),
    list: (path) => promised(() => disk.namesIn(path)),
    stat: (path) => promised(() => disk.stat(path)),
    syncFolder: (path) => promised(() => act({ do: "sync-folder", ino: disk.existing(path).ino })),
    space: () => Promise.resolve({ freeBytes: diskBytes, totalBytes: diskBytes }),
  };
  return { fs, journal, tree: () => disk.tree() };
}

function openIno(
  disk: Disk,
  act: (operation: Operation) => void,
  { path, mode }: { readonly path: string; readonly mode: OpenMode },
): Ino {
  const { folder, name, ino } = disk.place(path);
  if (mode.kind !== "create-new") {
    if (ino === undefined) throw systemError("ENOENT", path);
    if (!disk.isFile(ino)) throw new Error(`expected a regular file at ${path}`);
    return ino;
  }
  if (ino !== undefined) throw systemError("EEXIST", path);
  const made = disk.newIno();
  act({ do: "names", changes: [{ folder, name, ino: made }], made: { ino: made, kind: "file" } });
  return made;
}

function openFile(disk: Disk, act: (operation: Operation) => void, ino: Ino): FsFile {
  return {
    write: (bytes, at) =>
      promised(() => {
        act({ do: "write", ino, at, bytes: bytes.slice() });
        return bytes.length;
      }),
    read: (into, position) =>
      promised(() => {
        const piece = disk.content(ino).subarray(position, position + into.length);
        into.set(piece);
        return piece.length;
      }),
    truncate: (sizeBytes) => promised(() => act({ do: "resize", ino, sizeBytes })),
    sync: () => promised(() => act({ do: "sync", ino })),
    close: () => Promise.resolve(),
  };
}

/** Done at once; what it throws rejects. */
function promised<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(act());
  });
}

function makeFolders(disk: Disk, act: (operation: Operation) => void, path: string): void {
  if (path === "/") return;
  makeFolders(disk, act, posix.dirname(path));
  const { folder, name, ino } = disk.place(path);
  if (ino !== undefined) {
    if (disk.isFile(ino)) throw systemError("EEXIST", path);
    return;
  }
  const made = disk.newIno();
  act({ do: "names", changes: [{ folder, name, ino: made }], made: { ino: made, kind: "folder" } });
}

/** What stands on the disk now. */
class Disk {
  readonly #files: Map<Ino, Uint8Array>;
  readonly #folders: Map<Ino, Map<string, Ino>>;
  #newest: Ino;

  constructor({ files, folders }: Tree) {
    this.#files = new Map(files);
    this.#folders = new Map([...folders].map(([ino, names]) => [ino, new Map(names)]));
    this.#newest = Math.max(rootIno, ...files.keys(), ...folders.keys());
  }

  apply(operation: Operation): void {
    switch (operation.do) {
      case "write":
      case "resize":
        this.#files.set(operation.ino, contentAfter(this.content(operation.ino), operation));
        return;
      case "names":
        this.#applyNames(operation);
        return;
      case "sync":
      case "sync-folder":
        return;
    }
  }

  newIno(): Ino {
    this.#newest += 1;
    return this.#newest;
  }

  content(ino: Ino): Uint8Array {
    const content = this.#files.get(ino);
    if (content === undefined) throw new TypeError(`expected a file with number ${ino}`);
    return content;
  }

  isFile(ino: Ino): boolean {
    return this.#files.has(ino);
  }

  /** @throws ENOENT without a folder for it */
  place(path: string): Place {
    const place = this.placeOrNone(path);
    if (place === undefined) throw systemError("ENOENT", path);
    return place;
  }

  /** @throws ENOENT when there is nothing under this name */
  existing(path: string): Place & { readonly ino: Ino } {
    const place = this.place(path);
    if (place.ino === undefined) throw systemError("ENOENT", path);
    return { ...place, ino: place.ino };
  }

  placeOrNone(path: string): Place | undefined {
    if (path === "/") return { folder: rootIno, name: "", ino: rootIno };
    const parent = this.placeOrNone(posix.dirname(path));
    const names = parent?.ino === undefined ? undefined : this.#folders.get(parent.ino);
    if (parent?.ino === undefined || names === undefined) return undefined;
    const name = posix.basename(path);
    return { folder: parent.ino, name, ino: names.get(name) };
  }

  namesIn(path: string): string[] {
    const ino = this.placeOrNone(path)?.ino;
    const names = ino === undefined ? undefined : this.#folders.get(ino);
    return [...(names?.keys() ?? [])];
  }

  stat(path: string): FsStat | undefined {
    const ino = this.placeOrNone(path)?.ino;
    if (ino === undefined) return undefined;
    const sizeBytes = this.#files.get(ino)?.length ?? 0;
    const isPlain = this.isFile(ino) && this.#namesOf(ino) === 1;
    return { sizeBytes, modifiedAtMs: 0, isPlain };
  }

  tree(): Tree {
    return { files: new Map(this.#files), folders: this.#folders };
  }

  #namesOf(ino: Ino): number {
    let count = 0;
    for (const names of this.#folders.values()) {
      for (const named of names.values()) if (named === ino) count += 1;
    }
    return count;
  }

  #applyNames({ changes, made }: Extract<Operation, { do: "names" }>): void {
    if (made?.kind === "file") this.#files.set(made.ino, new Uint8Array());
    if (made?.kind === "folder") this.#folders.set(made.ino, new Map());
    for (const { folder, name, ino } of changes) {
      const names = this.#folders.get(folder);
      if (ino === null) names?.delete(name);
      else names?.set(name, ino);
    }
  }
}

/** As the system would say it. */
export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
