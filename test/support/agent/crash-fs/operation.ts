import type { Ino } from "./tree.ts";

/** One name of one folder gets another meaning; `null`: there is nothing under it any more. */
export type NameChange = {
  readonly folder: Ino;
  readonly name: string;
  readonly ino: Ino | null;
};

/** What a program did to a disk, as far as a power cut can tell. */
export type Operation =
  | { readonly do: "write"; readonly ino: Ino; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: "resize"; readonly ino: Ino; readonly sizeBytes: number }
  | { readonly do: "sync"; readonly ino: Ino }
  /** Create, rename, remove. A rename has two changes: the new name first, then the old one. */
  | {
      readonly do: "names";
      readonly changes: readonly NameChange[];
      readonly made?: { readonly ino: Ino; readonly kind: "file" | "folder" };
    }
  | { readonly do: "sync-folder"; readonly ino: Ino };

/** An operation, and what the program believed just before it. */
export type JournalEntry<Note> = { readonly operation: Operation; readonly note: Note };

/** The content of a file after a write or a resize; `before` is left as it is. */
export function contentAfter(
  before: Uint8Array,
  operation: Extract<Operation, { do: "write" | "resize" }>,
): Uint8Array {
  if (operation.do === "resize") {
    const resized = new Uint8Array(operation.sizeBytes);
    resized.set(before.subarray(0, operation.sizeBytes));
    return resized;
  }
  const { at, bytes } = operation;
  const written = new Uint8Array(Math.max(before.length, at + bytes.length));
  written.set(before);
  written.set(bytes, at);
  return written;
}
