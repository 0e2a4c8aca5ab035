import type { RefusalCode } from "@modelfleet/protocol";

/** Why a release does not run here: the code for programs, the evidence for people. */
export interface Failure {
  readonly code: RefusalCode;
  readonly detail: string;
}
