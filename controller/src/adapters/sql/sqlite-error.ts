import { StoreError } from "../../domain/errors.ts";

/** Primary result codes of SQLite that are the machine's doing, not ours (sqlite.org/rescode.html). */
const BUSY = 5;
const FULL = 13;
const UNAVAILABLE: readonly number[] = [8, 10, 11, 14, 23, 26];
const PRIMARY_CODE_MASK = 0xff;

/** A coded failure where the disk or the file is at fault; a wrong statement is a defect and stays as it is. */
export function sqliteError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return error;
  if (typeof error.errcode !== "number") return error;
  const code = error.errcode & PRIMARY_CODE_MASK;
  const cause = { cause: error };
  if (code === FULL) {
    const reason = `the disk of ${path} is full: free space, then try again`;
    return new StoreError("NO_SPACE", reason, cause);
  }
  if (code === BUSY) {
    const reason = `${path} is in use by another controller: stop it, or use another data folder`;
    return new StoreError("STORE_FAILED", reason, cause);
  }
  if (!UNAVAILABLE.includes(code)) return error;
  return new StoreError("STORE_FAILED", `database ${path}: ${error.message}`, cause);
}
