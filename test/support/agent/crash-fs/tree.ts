import { createHash } from "node:crypto";

/** A file system as data: what stands on the disk at one moment. Contents are never changed in place. */
export type Tree = {
  readonly files: ReadonlyMap<Ino, Uint8Array>;
  readonly folders: ReadonlyMap<Ino, ReadonlyMap<string, Ino>>;
};

/** A file or a folder, whatever its name is at the moment. */
export type Ino = number;

export const rootIno: Ino = 1;

export const emptyTree: Tree = { files: new Map(), folders: new Map([[rootIno, new Map()]]) };

/** Every file by its path from the root, in the order of the paths. */
export function filesOf(tree: Tree): ReadonlyMap<string, Uint8Array> {
  const found: [string, Uint8Array][] = [];
  const walk = (folder: Ino, path: string): void => {
    for (const [name, ino] of tree.folders.get(folder) ?? []) {
      const content = tree.files.get(ino);
      if (content === undefined) walk(ino, `${path}/${name}`);
      else found.push([`${path}/${name}`, content]);
    }
  };
  walk(rootIno, "");
  return new Map(found.sort(([left], [right]) => (left < right ? -1 : 1)));
}

const digests = new WeakMap<Uint8Array, string>();

/** The same for two trees with the same folders, files and contents. */
export function treeKey({ files, folders }: Tree): string {
  const lines: string[] = [];
  const walk = (folder: Ino, path: string): void => {
    for (const [name, ino] of folders.get(folder) ?? []) {
      const content = files.get(ino);
      // The number tells two names of one file from two files with the same bytes.
      lines.push(
        `${path}/${name} ${content === undefined ? "folder" : `${ino} ${digestOf(content)}`}`,
      );
      if (content === undefined) walk(ino, `${path}/${name}`);
    }
  };
  walk(rootIno, "");
  return lines.sort().join("\n");
}

function digestOf(content: Uint8Array): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(content).digest("base64");
  digests.set(content, digest);
  return digest;
}
