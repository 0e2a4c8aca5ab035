import { StoreError } from "../../domain/store-error.ts";

/** A failure of the file system in our words: what was being done, and the system's own code. */
export function storeFailure(doing: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = systemCode(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StoreError("NO_SPACE", `expected room while ${doing}, the disk is full`, { cause });
  }
  const came = code ?? (cause instanceof Error ? cause.message : "an unknown failure");
  return new StoreError("STORE_FAILED", `expected the disk to work while ${doing}, got ${came}`, {
    cause,
  });
}

export function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
