/** Bounds of who gets in, and of what is written down about it; a part of `limits.ts`. */

import { DAY_MS, HOUR_MS, KIB, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** Who may call the REST API, and how often. */
export const accessLimits = {
  grantsMax: 64,
  modelsPerGrantMax: 64,
  /** Keys that can be used at once, and keys shown. */
  keysMax: 1_000,
  keysListedMax: 1_000,
  keyLifeMsMin: MINUTE_MS,
  keyLifeMsDefault: 90 * DAY_MS,
  keyLifeMsMax: 365 * DAY_MS,
  /** A key's last use is written down no more often than this. */
  keyUsedEveryMs: MINUTE_MS,
  keyFileBytesMax: 16 * KIB,
  tokenBytesMax: 8 * KIB,
  tokenClockLeewayMs: 30 * SECOND_MS,
  groupsPerTokenMax: 256,
  grantsFileBytesMax: 256 * KIB,
  issuerAnswerBytesMax: 64 * KIB,
  issuerAnswerMsMax: 5 * SECOND_MS,
  issuerKeysMax: 64,
  /** An issuer's keys are fetched again after this, */
  issuerKeysAgeMsMax: 10 * MINUTE_MS,
  /** go on serving for this long while the issuer does not answer, */
  issuerKeysStaleMsMax: DAY_MS,
  /** and are asked for no more often than this, whatever a token claims. */
  issuerCooldownMs: 15 * SECOND_MS,
  requestsPerSecondPerAddressMax: 200,
  requestBurstPerAddressMax: 2_000,
  requestsPerSecondPerCallerMax: 50,
  requestBurstPerCallerMax: 200,
  failedLoginsPerMinutePerAddressMax: 10,
  failedLoginBurstPerAddressMax: 10,
  addressesMax: 10_000,
  callersMax: 10_000,
  proxiesMax: 16,
} as const;

/** Enrolment claims (trust.md 7). */
export const claimLimits = {
  lifeMsDefault: HOUR_MS,
  lifeMsMax: DAY_MS,
  usesMax: 10_000,
  /** The newest ones are shown. */
  listedMax: 10_000,
  requestBytesMax: 16 * KIB,
  labelsMax: 32,
  enrolsPerSecondPerAddressMax: 5,
  enrolBurstPerAddressMax: 50,
  enrolAddressesMax: 10_000,
  /** Wrong answers to one claim, of whoever; then nobody is heard on it for a while. */
  refusalsPerSecondPerClaimMax: 0.1,
  refusalBurstPerClaimMax: 20,
  claimsWatchedMax: 10_000,
  /** Accepted messages, remembered until the claim is over, for each device it admits. */
  messagesPerUseMax: 1_024,
  /** How a device that waits for an operator asks again. */
  approvalPollMsMin: 2 * SECOND_MS,
  approvalPollMsMax: MINUTE_MS,
  approvalWaitMsMax: HOUR_MS,
  reasonLengthMax: 200,
} as const;

/** The audit log (protocol.md 9). */
export const auditLimits = {
  /** Of one entry's facts, as JSON. */
  detailBytesMax: 4 * KIB,
  /** Characters kept of facts that are longer; as JSON in JSON they take at most three times as many bytes. */
  detailCutLength: 1_200,
  /** Actor, action and subject, each. */
  textLengthMax: 256,
  pageEventsMax: 500,
  /** Of an export; a checkpoint is an envelope in base64. */
  lineBytesMax: 64 * KIB,
  checkpointEveryEvents: 100,
  checkpointEveryMs: HOUR_MS,
  checkpointLookMs: 5 * SECOND_MS,
  tallyEveryMs: MINUTE_MS,
  /** Different reasons counted in one minute; more are counted together. */
  tallyReasonsMax: 64,
  /** Alerts of one kind that are written down once; beyond that they may be written again. */
  alertsKeptMax: 10_000,
} as const;

/** Client certificates of the fleet's own authority (protocol.md 7.10). */
export const certificateLimits = {
  deviceLifeMs: 365 * DAY_MS,
  /** A certificate with less left than this is replaced when its device asks. */
  renewBelowMs: 120 * DAY_MS,
  /** Its end is an outage: as long as a device may stand in the field. */
  authorityLifeMs: 30 * 365 * DAY_MS,
  /** Clocks of a controller and a broker differ by less. */
  clockSkewMs: HOUR_MS,
  serialBytes: 16,
  pemBytesMax: 16 * KIB,
  /** A device looks at the age of its certificate so often, and asks again so soon when that failed. */
  lookEveryMs: DAY_MS,
  retryMs: HOUR_MS,
  fetchMsMax: 30 * SECOND_MS,
  /** In one revocation list. */
  revokedMax: 100_000,
} as const;
