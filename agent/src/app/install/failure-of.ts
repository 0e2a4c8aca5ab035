import { isCodedError, VerifyError } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { Failure } from "../../domain/install/failure.ts";
import { refusalOfVerify } from "../../domain/install/refusal-of.ts";
import { ReleaseRefused } from "../../domain/release-refused.ts";
import { StoreError } from "../../domain/store-error.ts";

/** A disk that takes nothing for now says nothing about a release: the step is tried again when it may work. */
export function isOfDisk(cause: unknown): boolean {
  return cause instanceof StoreError && cause.code === "STORE_FAILED";
}

/** An expected failure of a step in the words of a report. @throws what was caught, when it is a defect of ours */
export function failureOf(cause: unknown): Failure {
  if (!isCodedError(cause)) throw cause;
  const detail = cause.message;
  if (cause instanceof ReleaseRefused) return { code: cause.code, detail };
  if (cause instanceof VerifyError) return { code: refusalOfVerify(cause.code), detail };
  if (cause instanceof DownloadError) return { code: "DOWNLOAD_FAILED", detail };
  if (cause instanceof StoreError && (cause.code === "NO_SPACE" || cause.code === "DIGEST")) {
    return { code: cause.code, detail };
  }
  return { code: "STORE_FAILED", detail };
}
