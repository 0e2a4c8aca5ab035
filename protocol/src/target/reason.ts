/**
 * Why a device cannot take a release. Stable: programs and dashboards group by them.
 *
 * `SIGNATURE_POLICY` is answered by whoever holds the root and its release rules; facts and targets cannot know it.
 */
export type EligibilityCode =
  | "TARGET_UNKNOWN"
  | "CLASS"
  | "ARCH"
  | "LIBC"
  | "RUNTIME_MISSING"
  | "RUNTIME_KNOWN_BAD"
  | "OPSET"
  | "IR"
  | "EP_UNPROVEN"
  | "RAM"
  | "DISK"
  | "IO_SCHEMA"
  | "AGENT_TOO_OLD"
  | "PROTOCOL_TOO_OLD"
  | "FORMAT"
  | "SIGNATURE_POLICY"
  | "HELD";

/** One thing that stands in the way of a release. */
export type Reason = {
  readonly code: EligibilityCode;
  /** What the release needs, for people. */
  readonly need: string;
  /** What the device has, for people. */
  readonly have: string;
};

/** @param need what the release needs @param have what the device has; both for people */
export function reason(code: EligibilityCode, need: string, have: string): Reason {
  return { code, need, have };
}
