import { DAY_MS, HOUR_MS, KIB, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** Telemetry windows (telemetry.md 2.2). */
export const telemetryLimits = {
  windowMsDefault: 15 * MINUTE_MS,
  windowMsMin: SECOND_MS,
  windowMsMax: DAY_MS,
  featuresMax: 64,
  categoriesMax: 16,
  vocabularyMax: 64,
  /** Hours of a workday and of a day at the weekend. */
  seasonalSlotsMax: 48,
  thresholdMax: 1_000,
  binsMax: 64,
  classesMax: 64,
  latencyBucketsMax: 160,
  requestsPerWindowMax: 1_000_000,
  /** A million windows of this size still add up below 2^53. */
  itemsPerWindowMax: 1_000_000_000,
  /** Sums of squares of 10^9 float32 values stay below; sums of these sums stay finite. */
  sumMagnitudeMax: 1e90,
  outputsMax: 8,
  errorCodesMax: 16,
  errorCodeLengthMax: 64,
  latencyScaleMin: -10,
  latencyScaleMax: 20,
  windowsPerBatchMax: 16,
  /** Of a batch or window, apart from the messages inside; none has more than 16. */
  plainFieldsMax: 256,
  feedbackPerBatchMax: 64,
  /** Bytes of one feedback window in a batch, its frame included. */
  feedbackBytesMax: 128,
  /** Of the noise on one histogram; a larger one hides nothing. */
  epsilonMax: 10,
  windowsPendingMax: 64,
  /** Of the windows of a batch, their frames included: device, boot, seq and dropped take at most 98 bytes, the signature 64. */
  windowsBytesPerBatchMax: 32 * KIB - 162,
  /** As many as one device makes of labels that come at once for a week of its default windows. */
  feedbackPendingMax: 1_024,
  /** Reference profiles a device keeps in memory, beside those of releases that are being measured. */
  profilesHeldMax: 64,
  windowAgeMsMax: 30 * DAY_MS,
  /** Of a late one: what waited on the device's shelf until there was a network (telemetry.md 2.7). */
  historicalAgeMsMax: 98 * DAY_MS,
  windowAheadMsMax: 10 * MINUTE_MS,
} as const;

/** What the controller decides about drift (telemetry.md 1.1, 2.4–2.7). */
export const driftLimits = {
  /** A cell is judged when so many more have passed; what comes later changes the record only. */
  graceCells: 2,
  /** 0.1 is a shift of 0.32 standard deviations of a normal distribution, 0.25 one of 0.51. */
  psiWarn: 0.1,
  psiAlert: 0.25,
  /** Chance that PSI without drift stays below the gate. */
  gateQuantile: 0.999,
  falseDiscoveryShare: 0.05,
  /** Items so that the gate is not above `psiWarn`: 279 for 10 bins, 439 for 20. */
  fewBinsMax: 10,
  samplesMinFewBins: 300,
  manyBinsMax: 20,
  samplesMinManyBins: 500,
  /** Back from the end of a cell, for small cohorts and for the merge over a day. */
  mergeMsMax: DAY_MS,
  /** An alert needs so many excesses among so many counted verdicts. */
  persistenceExcesses: 3,
  persistenceWindows: 4,
  /** It is over after so many counted verdicts in a row below so much of the threshold. */
  recoveryWindows: 4,
  recoveryShare: 0.7,
  /** An alert without enough data for so long is closed as lost. */
  silentMsMax: DAY_MS,
  /**
   * Cells for which a device that a rollout has just brought the release counts as new: as many as an alert looks at. A
   * cohort with at least this share of them warms up.
   */
  warmUpCells: 4,
  warmUpDeviceShareMin: 0.1,
  /** Notifications of one model. */
  notificationsPerHourMax: 12,
  /** Alerts that one notification names; it counts them all. */
  alertsPerNotificationMax: 10,
  /** Of a class, a device is held against its peers from so many items on. */
  deviceSamplesMin: 100,
  outlierDevicesMax: 16,
  qualitySamplesMin: 100,
  /** Of the items, above what is usual. */
  missingShareMax: 0.05,
  outOfRangeShareMax: 0.1,
  errorShareMax: 0.05,
  requestsMin: 100,
  /** Rise of the share of wrong answers that is looked for, and the score at which it is found. */
  errorRise: 0.05,
  cusumThresholdNats: 6.9,
  /** Bootstrapped windows for each window between two false alarms: with 10 the figure was off by 40 %. */
  replicatesPerErtWindow: 50,
  replicatesMax: 1_000_000,
  ertWindowsMax: 20_000,
} as const;

/** Closed windows on a device without a network: merged, not dropped (protocol.md 3.8). */
export const shelfLimits = {
  /** The file, what is gone from it included. */
  bytesMax: 512 * KIB,
  /** What it holds, so that a record has room. */
  heldBytesMax: 440 * KIB,
  /** Age up to which windows stay as they are, and then hours; older ones are days. */
  wholeMs: DAY_MS,
  hourlyMs: 8 * DAY_MS,
  /** Also sooner, where there is too little room. */
  compactEveryMs: 6 * HOUR_MS,
  /** Sent at most twice a second, after a pause of up to this that spreads a fleet. */
  backlogPerSecondMax: 2,
  backlogJitterMsMax: 90 * SECOND_MS,
} as const;
