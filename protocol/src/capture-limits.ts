import { DAY_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** Raw requests kept on a device, where the release and the device allow it. */
export const captureLimits = {
  bytesPerDayMax: 1_024 * MIB,
  keepMsMax: 30 * DAY_MS,
  /** One request with its answer; a larger one is passed over. */
  recordBytesMax: 16 * MIB,
  /** Of all policies together; beyond, nothing is kept until some have gone. */
  filesMax: 20_000,
  /** What waits to be sealed; beyond, requests are passed over and counted. */
  pendingMax: 16,
  pendingBytesMax: 32 * MIB,
  /** Sealed at a time before requests have their turn. */
  pieceBytes: 64 * KIB,
  /** Left free on the disk, for the store and its releases. */
  freeBytesMin: 256 * MIB,
  /** How often the consent is looked at. */
  lookMs: 1 * SECOND_MS,
  /** How often the age of files is, which takes a list of all of them. */
  sweepMs: 1 * MINUTE_MS,
  /** After the disk took none. */
  diskPauseMs: 10 * MINUTE_MS,
  /** The file in which people of the device consent, and the names in it. */
  consentBytesMax: 16 * KIB,
  consentPoliciesMax: 64,
} as const;
