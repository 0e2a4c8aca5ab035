import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * A folder of this user's among the system's temporary ones, the same for every start on this data folder, so that two of
 * them meet in its lock. Undefined where none can be made, or where something of that name is not ours alone.
 */
export async function spareFolder(dataFolder: string): Promise<string | undefined> {
  const { uid } = userInfo();
  const path = sparePath(dataFolder);
  try {
    await mkdir(path, { mode: 0o700 }).catch(existingIsFine);
    const found = await lstat(path);
    const isOurs = found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0;
    return isOurs ? path : undefined;
  } catch {
    return undefined; // No temporary folder either: the caller says what it goes without.
  }
}

/** Where it is, if there is one. */
export function sparePath(dataFolder: string): string {
  const digest = createHash("sha256").update(`${userInfo().uid} ${dataFolder}`).digest("hex");
  return join(tmpdir(), `modelfleet-${digest.slice(0, 24)}`);
}

function existingIsFine(cause: unknown): void {
  if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause;
}
