import { CodedError } from "@modelfleet/protocol";

/** The device did not become a member of the fleet; nothing but its own key was written. */
export class EnrolError extends CodedError<
  "REFUSED" | "UNREACHABLE" | "ROOT_MISMATCH" | "CREDENTIAL" | "ALREADY_ENROLLED" | "NOT_APPROVED"
> {}
