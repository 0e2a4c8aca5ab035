import { CodedError } from "@modelfleet/protocol";

/** The disk did not do what was asked. What was committed before is still there. */
export class StoreError extends CodedError<
  "NO_SPACE" | "STORE_FAILED" | "DIGEST" | "LOCKED" | "NOT_ENROLLED"
> {}
