import { contentAfter, type NameChange, type Operation } from "./operation.ts";
import { tornContents } from "./torn.ts";
import type { Ino, Tree } from "./tree.ts";

type FileImage = {
  durable: Uint8Array;
  /** The content after each write since the last fsync. */
  steps: Uint8Array[];
};

/** The changes of one create, rename or remove that are not on the disk yet. */
type PendingChange = { open: readonly NameChange[] };

/** One thing a power cut decides, and everything it may decide. The first is: lost; the last: kept. */
export type Choice =
  | { readonly of: "names"; readonly options: readonly (readonly NameChange[])[] }
  | { readonly of: "content"; readonly ino: Ino; readonly options: readonly Uint8Array[] };

/** What of a run is on the disk for certain, and what is only on its way there. */
export class CrashImage {
  readonly #files = new Map<Ino, FileImage>();
  readonly #folders = new Map<Ino, Map<string, Ino>>();
  #pending: PendingChange[] = [];

  /** Everything in the tree is durable. */
  constructor({ files, folders }: Tree) {
    for (const [ino, durable] of files) this.#files.set(ino, { durable, steps: [] });
    for (const [ino, names] of folders) this.#folders.set(ino, new Map(names));
  }

  apply(operation: Operation): void {
    switch (operation.do) {
      case "write":
      case "resize": {
        const file = this.#file(operation.ino);
        file.steps.push(contentAfter(file.steps.at(-1) ?? file.durable, operation));
        return;
      }
      case "sync": {
        const file = this.#file(operation.ino);
        file.durable = file.steps.at(-1) ?? file.durable;
        file.steps = [];
        return;
      }
      case "names": {
        const { changes, made } = operation;
        const empty: FileImage = { durable: new Uint8Array(), steps: [] };
        if (made?.kind === "file") this.#files.set(made.ino, empty);
        if (made?.kind === "folder") this.#folders.set(made.ino, new Map());
        this.#pending.push({ open: changes });
        return;
      }
      case "sync-folder":
        this.#syncFolder(operation.ino);
        return;
    }
  }

  /** All that is undecided if the power fails now. */
  choices(): Choice[] {
    const names = this.#pending.map(
      ({ open }): Choice => ({ of: "names", options: nameOptions(open) }),
    );
    const named = this.#namedAnywhere();
    const contents = [...this.#files].flatMap(([ino, { durable, steps }]): Choice[] => {
      if (steps.length === 0 || !named.has(ino)) return [];
      const options = tornContents(durable, steps);
      const kept = steps.at(-1) ?? durable;
      return [{ of: "content", ino, options: [...options.filter((one) => one !== kept), kept] }];
    });
    return [...names, ...contents];
  }

  /** What stands there after the power cut, when it decides so. */
  tree(choices: readonly Choice[], decided: readonly number[]): Tree {
    const folders = new Map([...this.#folders].map(([ino, names]) => [ino, new Map(names)]));
    const files = new Map([...this.#files].map(([ino, { durable }]) => [ino, durable]));
    for (const [index, choice] of choices.entries()) {
      const option = decided[index] ?? 0;
      if (choice.of === "content")
        files.set(choice.ino, choice.options[option] ?? new Uint8Array());
      else for (const change of choice.options[option] ?? []) applyChange(folders, change);
    }
    return { files, folders };
  }

  #syncFolder(folder: Ino): void {
    for (const [index, pending] of this.#pending.entries()) {
      const isRename = pending.open.length === 2;
      const isOfSource = isRename && pending.open[1]?.folder === folder;
      // A rename never loses the file: with its old name gone for certain, the new one is there.
      const settled = pending.open.filter((change) => isOfSource || change.folder === folder);
      for (const change of settled) this.#settle(change, index);
      pending.open = pending.open.filter((change) => !settled.includes(change));
    }
    this.#pending = this.#pending.filter(({ open }) => open.length > 0);
  }

  #settle(change: NameChange, before: number): void {
    applyChange(this.#folders, change);
    // What was to happen to this name earlier can no longer show.
    for (const earlier of this.#pending.slice(0, before)) {
      earlier.open = earlier.open.filter(
        ({ folder, name }) => folder !== change.folder || name !== change.name,
      );
    }
  }

  #namedAnywhere(): ReadonlySet<Ino> {
    const named = [...this.#folders.values()].flatMap((names) => [...names.values()]);
    const pending = this.#pending.flatMap(({ open }) => open.map(({ ino }) => ino ?? 0));
    return new Set([...named, ...pending]);
  }

  #file(ino: Ino): FileImage {
    const file = this.#files.get(ino);
    if (file === undefined) throw new TypeError(`expected a file with number ${ino}`);
    return file;
  }
}

/** Within one folder a rename is one change. Between two, the new name may be there before the old one is gone. */
function nameOptions(open: readonly NameChange[]): readonly (readonly NameChange[])[] {
  const [first, second] = open;
  const isAcross = first !== undefined && second !== undefined && first.folder !== second.folder;
  return isAcross ? [[], [first], open] : [[], open];
}

function applyChange(
  folders: ReadonlyMap<Ino, Map<string, Ino>>,
  { folder, name, ino }: NameChange,
): void {
  const names = folders.get(folder);
  if (ino === null) names?.delete(name);
  else names?.set(name, ino);
}
