import { join } from "node:path";
import { updateLockLimits } from "@modelfleet/protocol";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type { UpdateLock, UpdateLockStore } from "../../ports/update-lock.ts";
import { storeFailure } from "./store-failure.ts";
import { readWhole } from "./whole-file.ts";

/** `trust/update-lock` of the data folder; apart from the state, which only the install loop writes. */
export function updateLockFile(parts: {
  readonly fs: Fs;
  readonly folder: string;
  readonly write: DurableWrite;
}): UpdateLockStore {
  const { fs, write } = parts;
  const folder = join(parts.folder, "trust");
  const path = join(folder, "update-lock");
  return {
    read: async () => {
      if ((await fs.stat(path)) === undefined) return null;
      const bytes = await readWhole(fs, path, updateLockLimits.recordBytesMax).catch(
        () => undefined,
      );
      return parseLock(bytes);
    },
    keep: (lock) =>
      write({ path, bytes: new TextEncoder().encode(JSON.stringify(lock)), permissions: 0o600 }),
    remove: async () => {
      try {
        await fs.remove(path);
        await fs.syncFolder(folder);
      } catch (cause) {
        throw storeFailure("removing the update lock", cause);
      }
    },
  };
}

function parseLock(bytes: Uint8Array | undefined): UpdateLock {
  try {
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isLock(found) ? found : unreadable;
  } catch {
    return unreadable; // Not JSON.
  }
}

const unreadable: UpdateLock = { reason: "the record of the lock cannot be read", sinceMs: 0 };

function isLock(found: unknown): found is UpdateLock {
  if (typeof found !== "object" || found === null) return false;
  if (!("reason" in found && "sinceMs" in found)) return false;
  return typeof found.reason === "string" && isTime(found.sinceMs);
}

/** What a damaged record may hold instead cannot be shown as one. */
function isTime(found: unknown): found is number {
  return typeof found === "number" && !Number.isNaN(new Date(found).getTime());
}
