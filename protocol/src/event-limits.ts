/** Bounds of what the controller tells other systems; a part of `limits.ts`. */

import { DAY_MS, HOUR_MS, KIB, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** Events and the webhooks that are told of them (docs/events.md). */
export const eventLimits = {
  /** Of an event's `data`, as JSON. */
  dataBytesMax: 64 * KIB,
  idLengthMax: 128,
  subjectLengthMax: 256,
  webhooksMax: 32,
  typesPerWebhookMax: 16,
  urlLengthMax: 2_048,
  descriptionLengthMax: 128,
  secretBytesMin: 24,
  secretBytesMax: 64,
  networksMax: 32,
  /** Deliveries that are due are looked for so often. */
  tickMs: SECOND_MS,
  /** Whoever delivers says so anew with every tick, and nobody else does meanwhile. */
  leaseMs: 15 * SECOND_MS,
  /** Sent to one webhook at a look, one after another; others have theirs at the same time. */
  deliveriesPerTurnMax: 64,
  requestMsMax: 10 * SECOND_MS,
  answerBytesMax: 4 * KIB,
  /** Characters of an answer or a failure that are kept. */
  outcomeLengthMax: 200,
  retryMsMin: 5 * SECOND_MS,
  retryMsMax: HOUR_MS,
  attemptsMax: 32,
  deliveryAgeMsMax: DAY_MS,
  deliveriesListedMax: 200,
  /** Events, and their deliveries that are over, are kept for so long. */
  keptMs: 30 * DAY_MS,
  forgetEveryMs: HOUR_MS,
  forgottenPerTurnMax: 1_000,
  /** How far from its own clock a receiver should believe a signature's time. */
  signatureAgeMsMax: 5 * MINUTE_MS,
} as const;

/** Figures that are sent to a collector (docs/metrics.md). */
export const exportLimits = {
  tickMs: SECOND_MS,
  /** Cohorts of cells that are in memory until they are taken. */
  cellsWaitingMax: 20_000,
  cellsPerRequestMax: 200,
  requestMsMax: 10 * SECOND_MS,
  attemptsMax: 8,
  retryMsMin: SECOND_MS,
  retryMsMax: 5 * MINUTE_MS,
} as const;
