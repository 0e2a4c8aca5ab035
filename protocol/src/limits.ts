/**
 * Every bound of the system, with its unit last in its name.
 * A loop, queue, retry, payload or wait that has no line here is a defect.
 */

import { DAY_MS, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from "./measures.ts";

export * from "./access-limits.ts";
export * from "./capture-limits.ts";
export * from "./device-limits.ts";
export * from "./event-limits.ts";
export * from "./telemetry-limits.ts";

/** Signed documents. 15,000 bytes fit PureEdDSA in a cloud HSM and one MQTT packet (trust.md 2). */
export const documentLimits = {
  envelopeBytesMax: 32 * KIB,
  payloadBytesMax: 15_000,
  signaturesMax: 16,
  jsonDepthMax: 16,
  rootStepsPerCycleMax: 64,
  /** Between two attempts of a device to find a newer root, however many documents seem to need one. */
  rootWalkPauseMsMin: 10 * SECOND_MS,
  rootWalkPauseMsMax: 15 * MINUTE_MS,
  /** Uptime of a device without an answer to a hello of its own until it says that what it follows is stale. */
  freshForMs: 14 * DAY_MS,
  modelsPerDesiredMax: 16,
  filesPerReleaseMax: 32,
  keysPerRootMax: 32,
  releaseRulesMax: 32,
  criticalFieldsMax: 16,
  /** A clock further from the time floor than this is not believed (trust.md 6). */
  clockBehindMsMax: DAY_MS,
  clockAheadMsMax: 5 * 365 * DAY_MS,
  /** Bytes of an enrolment string. */
  enrolmentBytesMax: 2 * KIB,
  desiredLifeMsDefault: 7 * DAY_MS,
  desiredLifeMsMin: HOUR_MS,
  desiredLifeMsMax: 90 * DAY_MS,
  rootLifeMsDefault: 365 * DAY_MS,
} as const;

/** Keys in files, in security modules and behind commands, and the roots that name them (trust.md 8). */
export const keyLimits = {
  fileBytesMax: 4 * KIB,
  filesPerFolderMax: 64,
  nameLengthMax: 64,
  passphraseLengthMin: 12,
  passphraseBytesMax: 1 * KIB,
  /** scrypt of `modelfleet-key-1`: N = 2^17, r = 8, p = 1 take 128 MiB and some 0.3 s (RFC 7914). */
  scryptCost: 2 ** 17,
  scryptMemoryBytesMax: 192 * MIB,
  commandWordsMax: 32,
  commandMsMax: 10 * SECOND_MS,
  commandOutputBytesMax: 1 * KIB,
  commandComplaintBytesMax: 2 * KIB,
  /** Signatures that wait for one command. */
  commandQueueMax: 4_096,
  rootsKeptMax: 1_024,
  rootLifeMsMin: DAY_MS,
  rootLifeMsMax: 10 * 365 * DAY_MS,
  /** Days before a root's end at which the warnings grow louder. */
  rootWarningDays: [90, 30, 7],
  rootLookMs: DAY_MS,
  /** Devices that get a new order together when a root is published. */
  respreadDevicesMax: 32,
} as const;

/** Model files and their download. */
export const blobLimits = {
  blobBytesMax: 4 * 1024 * MIB,
  uploadBytesMaxDefault: 1024 * MIB,
  manifestBytesMax: 64 * KIB,
  goldenBytesMax: 16 * MIB,
  profileBytesMax: 1 * MIB,
  downloadStallMsMax: 30 * SECOND_MS,
  downloadAttemptsMax: 50,
  /** A source that stays below this rate for so long is broken off … */
  downloadBytesPerSecondMin: 1 * KIB,
  downloadRateWindowMs: MINUTE_MS,
  /** … and given up after so many times, whatever it brought. */
  downloadSlowAttemptsMax: 5,
  mirrorAttemptsMax: 3,
  /** For how long a mirror is not asked after it failed or brought wrong bytes. */
  mirrorPauseMs: 10 * MINUTE_MS,
  parallelDownloadsMax: 200,
} as const;

/** MQTT traffic (mqtt.md 2, 3 and 6). */
export const busLimits = {
  connectPacketBytesMax: 8 * KIB,
  packetBytesMax: 128 * KIB,
  connectMsMax: 10 * SECOND_MS,
  pendingConnectionsPerAddressMax: 64,
  drainMsMax: 10 * SECOND_MS,
  publishesPerSecondMax: 20,
  publishBurstMax: 100,
  desiredBytesMax: 8 * KIB,
  telemetryBytesMax: 32 * KIB,
  inFlightMax: 8,
  deliveriesMax: 1_000,
  inboxMessagesMax: 128,
  retainedBytesMax: 1 * KIB,
  tcpKeepaliveMs: 60 * SECOND_MS,
  goodbyeMsMax: 1 * SECOND_MS,
  /** Arrived messages are taken for so long in one go, then it is others' turn. */
  turnMsMax: 5,
  ackEveryMs: 1 * SECOND_MS,
  ackEveryItems: 100,
  /** Without an acknowledgement for this long, a device sends what it owes again. */
  ackWaitMsMax: 30 * SECOND_MS,
  /** Between two times that a device sends again what was lost on its way. */
  resendPauseMsMin: 5 * SECOND_MS,
  /** A broker that acknowledges nothing for this long is as good as none: another connection is tried. */
  brokerAckMsMax: 2 * MINUTE_MS,
  /** Of a broker that is away for longer, the controller no longer says who is connected to it. */
  brokerAwayMsMax: 5 * SECOND_MS,
  reconnectMsMin: 1 * SECOND_MS,
  reconnectMsMax: 120 * SECOND_MS,
  desiredPollMs: 15 * MINUTE_MS,
  helloJitterMsMax: 5 * SECOND_MS,
  helloPauseMsMin: 30 * SECOND_MS,
  /** Uptime after which a device asks for a fresh document by itself. */
  helloEveryMs: DAY_MS,
  /** Between two reports that say nothing but what was refused. */
  refusalReportPauseMsMin: MINUTE_MS,
  /** Devices that enrol over MQTT (protocol.md 2.8). */
  enrolConnectionsPerAddressMax: 8,
  enrolConnectionMsMax: MINUTE_MS,
  /** So often within the window, and two clients have one identity (protocol.md 2.9). */
  takeoversMax: 4,
  takeoverWindowMs: 2 * MINUTE_MS,
  takeoverPauseMsMin: SECOND_MS,
  takeoverPauseMsMax: 120 * SECOND_MS,
  takeoverForgetMs: 10 * MINUTE_MS,
} as const;

/** Updates that are carried to a device by hand. */
export const exchangeLimits = {
  /** How soon an order that lies there is noticed. */
  pollMs: SECOND_MS,
  /** An order that was not followed by then will not be; a network that swallows every question is waited for in it. */
  takenMsMax: 90 * SECOND_MS,
  installMsMax: 30 * MINUTE_MS,
} as const;

/** What a device keeps until the controller has committed it. */
export const outboxLimits = {
  /** Reports kept in memory alone while the disk takes none. */
  unstoredReportsMax: 64,
  bytesMax: 64 * MIB,
  ageMsMax: 7 * DAY_MS,
  entryBytesMax: 64 * KIB,
} as const;

/** The operator's command line, a client of the REST API. */
export const cliLimits = {
  /** How long a controller may take to answer; an upload has `apiLimits.requestMsMax`. */
  answerMsMax: 60 * SECOND_MS,
  /** One answer of a controller, a file that is fetched apart. */
  answerBytesMax: 64 * MIB,
  /** Pages of one list. */
  pagesMax: 10_000,
  /** How often a deployment that somebody waits for is asked about. */
  deploymentPollMs: 300,
  /** Tries to publish while no controller answers, which is some 50 s. */
  publishAttemptsMax: 10,
  publishRetryMsMin: 500,
  publishRetryMsMax: 8 * SECOND_MS,
} as const;

/** The demo, a person who watches processes. */
export const demoLimits = {
  programStartMsMax: 30 * SECOND_MS,
  programStopMsMax: 8 * SECOND_MS,
  commandMsMax: 120 * SECOND_MS,
  questionMsMax: 10 * SECOND_MS,
  logLinesKept: 200,
  logLinesShown: 6,
  alertAttemptsMax: 80,
  alertPollMs: 1_000,
} as const;

/** The REST API. */
export const apiLimits = {
  jsonBytesMax: 64 * KIB,
  loginLengthMax: 512,
  headerBytesMax: 16 * KIB,
  headersMsMax: 10 * SECOND_MS,
  idleMsMax: 60 * SECOND_MS,
  requestMsMax: HOUR_MS,
  closeMsMax: 3 * SECOND_MS,
  retryAfterMs: 5 * SECOND_MS,
  issuesMax: 32,
} as const;

/** A model file, read without trusting it. */
export const onnxLimits = {
  nestingMax: 24,
  messagesMax: 4_000_000,
  nameBytesMax: 256,
  initializersMax: 200_000,
  /** Of a sparse weight once it is spread out, as the runtime does while it loads. */
  denseElementsMax: 2 ** 31,
  operatorsNamedMax: 64,
  windowBytes: 64 * KIB,
  scanMsMax: 30 * SECOND_MS,
  /** A scan lets others work after so many fields; reading a window counts as many of them. */
  fieldsBetweenPauses: 4_096,
  fieldsPerWindow: 2_048,
} as const;

/** The `model.json` of a TensorFlow.js model, read without trusting it. */
export const tfjsLimits = {
  modelBytesMax: 8 * MIB,
  /** Of the file; layers in layers. */
  jsonDepthMax: 64,
  nestingMax: 8,
  filesMax: documentLimits.filesPerReleaseMax,
  weightsMax: 20_000,
  layersMax: 20_000,
  rankMax: 16,
  nameLengthMax: 1_024,
} as const;

/** What the controller keeps and does at once. */
export const controllerLimits = {
  reportItemsPerDeviceMax: 200,
  deploymentsListedMax: 100,
  gapsListedMax: 100,
  /** Windows of one release that one answer adds up, the newest. */
  summaryWindowsMax: 200_000,
  profilesKeptMax: 256,
  /** Between two looks for windows in quarantine whose release has been published; and releases of one look. */
  readmitEveryMs: MINUTE_MS,
  readmitReleasesMax: 1_000,
  desiredAttemptsMax: 8,
  messagesWaitingPerDeviceMax: 64,
  blobChunkBytes: 64 * KIB,
  writesPerCommitMax: 256,
  commitPauseMs: 8,
  statementsKeptMax: 256,
  /** Pages of the database held in memory. */
  databaseCacheKib: 64 * KIB,
  /** Of 4 KiB each, in the write-ahead log before they are written back into the database. */
  walPagesMax: 8_192,
  /** Public keys of devices that are held ready for checking signatures. */
  keysKeptMax: 8_192,
  /** SQLite binds at most 32,766 values in one statement. */
  rowsPerInsertMax: 500,
  /** Windows of one device; what is to stay longer is kept merged (telemetry.md 2.7). */
  telemetryAgeMsMax: 14 * DAY_MS,
  forgetEveryMs: DAY_MS,
  /** Removed in one commit, so that what devices send meanwhile does not wait long. */
  batchesPerForgetMax: 500,
} as const;
