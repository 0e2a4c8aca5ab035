import { InferError } from "../../domain/infer-error.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";

/** Expected failures, which the answer explains; all others are defects. */
export function isKnownError(error: unknown): boolean {
  return error instanceof InferError || error instanceof RequestRefused;
}
