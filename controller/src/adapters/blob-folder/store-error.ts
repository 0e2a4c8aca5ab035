import { StoreError } from "../../domain/errors.ts";

/** What the file system said, as a coded failure; anything else is a defect and stays as it is. */
export function storeError(error: unknown, place: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StoreError("NO_SPACE", `the disk of ${place} is full: free space, then try again`, {
      cause: error,
    });
  }
  return new StoreError("STORE_FAILED", `${place}: ${code}`, { cause: error });
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
