import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** Rollouts (rollouts.md): plans, their executor and what is asked about them. */
export const rolloutLimits = {
  /** One plan. */
  planBytesMax: 64 * 1024,
  stagesMax: 32,
  stratifyKeysMax: 4,
  windowsMax: 8,
  windowMsMin: MINUTE_MS,
  windowMsMax: 7 * DAY_MS,
  /** Next occurrences of its windows that a device is told with an order. */
  windowsAheadMax: 8,
  /** Beginnings of a window that are reckoned at once; those that touch make one span. */
  windowStartsMax: 512,
  /** Windows, each in each zone, whose next spans are remembered. */
  windowsRememberedMax: 256,
  reasonLengthMax: 512,
  nameLengthMax: 64,
  selectorLengthMax: 2_048,
  selectorDepthMax: 16,
  selectorTermsMax: 64,
  devicesMax: 1_000_000,
  inFlightMax: 1_000_000,
  offersPerMinuteMax: 1_000_000,
  /** Spans a rate is held over, both ending now: a minute, and a share of one so that its orders do not all go out at once. */
  rateSpanMs: MINUTE_MS,
  rateShareMs: 5 * SECOND_MS,
  priorityMax: 100,
  attemptsMax: 10,
  timeoutMsMin: SECOND_MS,
  timeoutMsMax: 30 * DAY_MS,
  bakeMsMax: 30 * DAY_MS,
  watchMsMax: 30 * DAY_MS,
  backoffMsMax: DAY_MS,
  penaltyMsMax: 30 * DAY_MS,
  /** Of one device, that a plan can ask for. */
  penaltyFailuresMax: 100,
  /** Defaults of a plan. */
  offerMsDefault: DAY_MS,
  stepMsDefault: HOUR_MS,
  executionMsDefault: 7 * DAY_MS,
  stageMsDefault: 7 * DAY_MS,
  attemptsDefault: 3,
  backoffMsDefault: MINUTE_MS,
  inFlightDefault: 10_000,
  /** The executor. */
  tickMs: SECOND_MS,
  leaseMs: 10 * SECOND_MS,
  /** Orders signed and stored in one commit; so long a halt may have to wait for. */
  offersPerCommitMax: 64,
  revertsPerCommitMax: 256,
  timersPerCommitMax: 256,
  splitPerCommitMax: 2_000,
  stepsPerTickMax: 64,
  /** Between two looks for devices that have come to be selected. */
  joinersEveryMs: MINUTE_MS,
  activeRolloutsMax: 1_000,
  /** Asking. */
  pageMax: 500,
  pageDefault: 100,
  filterLengthMax: 512,
  previewNamesMax: 50,
  idempotencyKeyLengthMax: 128,
  idempotencyMsMax: DAY_MS,
  /** A call that has not come to an end by then never will: the controller went down in it. */
  idempotencyUnderWayMsMax: MINUTE_MS,
  idempotencyKeysMax: 100_000,
  /** Rollouts a filtered page looks at before it is handed out short. */
  listLookedAtMax: 2_000,
  eventStreamsMax: 64,
  /** Then the reader asks anew, and is looked at anew. */
  eventStreamMsMax: 15 * MINUTE_MS,
  /** Between two looks for new events, and after how long a reader whose stream ended comes again. */
  eventPollMs: SECOND_MS / 2,
  eventRetryMs: 2 * SECOND_MS,
  eventHeartbeatMs: 15 * SECOND_MS,
  eventsPerPollMax: 500,
  /** The command line: between two looks at a rollout that is watched, and tries to create one whose answer was lost. */
  watchPollMs: SECOND_MS / 2,
  createAttemptsMax: 4,
  /** Then a rollout that is watched is looked at although nothing was told. */
  watchRefreshMs: 15 * SECOND_MS,
  /** A stream that says nothing, not even that there is nothing, is held for dead and opened anew. */
  eventQuietMsMax: 45 * SECOND_MS,
  eventRetryMsMax: 30 * SECOND_MS,
  /** One event in a stream. The detail of an entry has at most 4 KiB, before it is quoted. */
  eventLengthMax: 32 * 1024,
} as const;
