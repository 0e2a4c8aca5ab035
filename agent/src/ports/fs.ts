/** The calls the store makes on a file system, and no more, so that a model of a failing disk can stand in for it. */
export interface Fs {
  /** @throws an error with `code` ENOENT, EEXIST, ENOSPC, EIO … as the system names it */
  readonly open: (path: string, mode: OpenMode) => Promise<FsFile>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Also a folder with all that is in it; follows no link. Not an error when there is nothing. */
  readonly remove: (path: string) => Promise<void>;
  readonly setPermissions: (path: string, permissions: number) => Promise<void>;
  /** Makes the folder and its parents; an existing one is left as it is. */
  readonly makeFolder: (path: string, permissions: number) => Promise<void>;
  /** Names in a folder; empty when there is no such folder. */
  readonly list: (path: string) => Promise<readonly string[]>;
  /** Of the name itself, not of what a link leads to; undefined when there is none. */
  readonly stat: (path: string) => Promise<FsStat | undefined>;
  /** Names created, renamed or removed in this folder survive a power cut after this. */
  readonly syncFolder: (path: string) => Promise<void>;
  readonly space: (path: string) => Promise<FsSpace>;
}

/**
 * `create-new` is O_CREAT|O_EXCL|O_NOFOLLOW; `update` reads and writes what exists. None follows a link, and none opens or
 * waits for anything but a regular file.
 */
export type OpenMode =
  | { readonly kind: "read" }
  | { readonly kind: "create-new"; readonly permissions: number }
  | { readonly kind: "update" };

export interface FsFile {
  /** Bytes taken, which may be fewer than given. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<number>;
  /** Bytes read into `into`; 0 at the end. */
  readonly read: (into: Uint8Array, position: number) => Promise<number>;
  readonly truncate: (sizeBytes: number) => Promise<void>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface FsStat {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** A regular file under this one name, of the same owner as its folder: nobody else has a way to its bytes. */
  readonly isPlain: boolean;
}

export interface FsSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Put a small file in place so that after a crash it is whole or absent. */
export type DurableWrite = (file: DurableFile) => Promise<void>;

export interface DurableFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly permissions: number;
}
