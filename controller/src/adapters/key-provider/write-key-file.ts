import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KeyError } from "../../domain/errors.ts";
import type { KeyFile } from "./key-forms.ts";

/** A new key file on disk, readable by its owner alone. Never over another one. @throws KeyError KEY_INVALID */
export async function writeKeyFile(path: string, key: KeyFile): Promise<void> {
  const text = `${JSON.stringify(key, null, 2)}\n`;
  const mode = key.format === "modelfleet-public-key-1" ? 0o644 : 0o600;
  const file = await create(path, mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await using folder = await open(dirname(path), "r");
  await folder.sync();
}

async function create(path: string, mode: number) {
  try {
    return await open(path, "wx", mode);
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    const why = cause.code === "EEXIST" ? "a file is there already" : cause.message;
    throw new KeyError("KEY_INVALID", `expected to make ${path}: ${why}`, { cause });
  }
}
