import { open } from "node:fs/promises";
import { CliError } from "./cli-error.ts";

/** A small file as a whole. @throws CliError FILE naming it and what is wrong with it */
export async function readSmallFile(path: string, bytesMax: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytesMax + 1);
  let length = 0;
  try {
    await using file = await open(path, "r");
    ({ bytesRead: length } = await file.read(buffer, 0, buffer.length, 0));
  } catch (cause) {
    throw new CliError("FILE", `${path}: ${reasonOf(cause)}`, { cause });
  }
  if (length <= bytesMax) return buffer.slice(0, length);
  throw new CliError("FILE", `${path}: expected at most ${bytesMax} bytes, got more`);
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "expected a file there, got none";
  if (code === "EISDIR") return "expected a file, got a folder";
  return `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
}
