import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CodedError } from "@modelfleet/protocol";

/** The data folder cannot be used; nothing in it was changed. */
export class DataFolderError extends CodedError<
  "DATA_FOLDER_IN_USE" | "DATA_FOLDER_FOREIGN" | "DATA_FOLDER_UNUSABLE"
> {}

/** What lies in the data folder of a controller that has run, or was prepared for its first start. */
const OURS = ["controller.sqlite", "keys"];
/** Says nothing of whose folder it is: our own lock of a start that failed, and what a new disk holds. */
const NOBODYS = ["lock", "lock-journal", "lost+found"];

/**
 * Takes a folder for this process alone, and makes it where it is missing. A folder full of something else is left as
 * it is: somebody mistyped.
 *
 * The lock is the operating system's own (by way of SQLite, which has one on every platform): it ends with the
 * process however that ends, so a killed controller leaves nothing to clean up.
 *
 * @throws DataFolderError
 */
export async function lockDataFolder(folder: string): Promise<Disposable> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await refuseForeign(folder);
    await chmod(folder, 0o700);
    return lock(join(folder, "lock"));
  } catch (cause) {
    if (cause instanceof DataFolderError) throw cause;
    if (isBusy(cause)) {
      throw new DataFolderError(
        "DATA_FOLDER_IN_USE",
        `expected to be the only controller on ${folder}, but another one runs there: stop it, or choose another folder with --data`,
        { cause },
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFolderError(
      "DATA_FOLDER_UNUSABLE",
      `expected to read and write ${folder}, got: ${reason}; choose another folder with --data`,
      { cause },
    );
  }
}

async function refuseForeign(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !NOBODYS.includes(name));
  if (names.length === 0 || names.some((name) => OURS.includes(name))) return;
  throw new DataFolderError(
    "DATA_FOLDER_FOREIGN",
    `expected a new or empty folder, or a controller's data folder with ${OURS.join(" or ")} in it, got ${folder} with other things: name the right one with --data; nothing was changed there`,
  );
}

function lock(path: string): Disposable {
  const file = new DatabaseSync(path);
  try {
    file.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** SQLITE_BUSY: another connection holds the lock. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}
