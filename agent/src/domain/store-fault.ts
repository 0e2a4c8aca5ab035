/**
 * What is wrong with this device's disk, in the words of its status, its reports and its log.
 *
 * - `STATE_LOST`: both state slots were unreadable at this start; until a fresh answer is accepted, nothing is known of
 *   what ran before.
 * - `STORE_FAILED`, `NO_SPACE`: the last change of the state, or a document or file of what is wanted, is not on
 *   disk; it is tried again.
 */
export interface StoreFault {
  readonly code: "STATE_LOST" | "STORE_FAILED" | "NO_SPACE";
  readonly detail: string;
}
