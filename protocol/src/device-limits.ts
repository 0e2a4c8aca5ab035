/** Bounds of what runs on the device: store, runners, swap, local API. See `limits.ts`. */

import { DAY_MS, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** The agent's store and its trials (store.md). */
export const storeLimits = {
  stateSlotBytes: 64 * KIB,
  spaceReserveBytesMin: 16 * MIB,
  spaceReserveShareMax: 0.05,
  trialAttemptsMax: 3,
  /** How often a release on trial is looked at. */
  probationPollMs: 250,
  /** Pause after a step that the disk made impossible. */
  stepRetryMsMin: 1 * SECOND_MS,
  stepRetryMsMax: 60 * SECOND_MS,
  transitionsWithoutCommitMax: 28,
  /** Two for each slot, so that the fullest record still fits a state slot. */
  blockedReleasesMax: 32,
} as const;

/** The update lock of a device (protocol.md 4.17). */
export const updateLockLimits = {
  reasonLengthMax: 256,
  recordBytesMax: 4 * KIB,
  /** How often a release that waits for a window or a lock is looked at: the clock may be set meanwhile. */
  lookMsMax: 5 * SECOND_MS,
} as const;

/** Runner processes and the swap (agent.md 1–6). */
export const runnerLimits = {
  frameBytesMax: 256 * MIB,
  frameHeaderBytesMax: 64 * KIB,
  goldenCasesMax: 64,
  drainMsMax: 5 * SECOND_MS,
  queueDefault: 64,
  /** Requests in the runner's own pipe, so that it never waits for the supervisor between two of them. */
  pipelinedMax: 2,
  /** Inferences in the agent's own process that are run before its event loop comes to anything else, by time and number. */
  inlineTurnMsMax: 1,
  inlineTurnRequestsMax: 16,
  /** How long a request whose runner died waits for another one before it fails. */
  recoverMsMax: 5 * SECOND_MS,
  threadsMax: 8,
  smokeSizesMax: 5,
  goldenRoundsMax: 3,
  /** Runs of a proven model before it answers anybody, as many as fit into the time. */
  warmUpRunsMax: 64,
  warmUpMsMax: 250,
  stderrBytesMax: 16 * KIB,
  heapMiB: 64,
  /** A graph of TensorFlow.js is objects of JavaScript: 110 MiB for the largest model.json that is taken. */
  tfjsHeapMiB: 192,
  /** Of a thread of a runtime, as glibc reserves it. */
  stackMiB: 8,
  /** How many times its limit a load or a proof may take more, while the system gives its runner no processor time. */
  starvedTimesMax: 4,
  stopMsMax: 2 * SECOND_MS,
  /** From the end of a runner's process to that of its pipes, which a process it has left may hold. */
  pipesCloseMsMax: 500,
  restartsInRowMax: 3,
  restartDelayMsMin: 500,
  restartDelayMsMax: 30 * SECOND_MS,
  batchRowsMax: 1_024,
  queueMax: 4_096,
  /** How often the resident memory of a runner is looked at. */
  memoryPollMs: 250,
  /**
   * What a runner takes before any model is in it: Node and the runtime. Measured resident: 77 MiB with
   * onnxruntime-node 1.30, 117 with its WebAssembly build, 59 with TensorFlow.js (x64).
   */
  baseMemoryMiB: 128,
  /** An answer that takes longer than both is taken for a hang (agent.md 6). */
  hangMsMin: 10 * SECOND_MS,
  hangTimesP99: 20,
  runTimesKept: 256,
  /** Left free on the device whatever is loaded. */
  memoryReserveMiB: 64,
  /** What a release is expected to take, where its publisher does not declare less; factors of its files. */
  memoryEstimate: { emptyRunnerMiB: 40, nativeFactor: 1.3, wasmFactor: 6.7 },
} as const;

/** Shadow, canary and deferral (agent.md 3 and 5). */
export const rehearsalLimits = {
  answersMax: 1_000_000,
  maxMsMax: 7 * DAY_MS,
  /** Copied requests that wait for a shadow; the next is dropped and counted. */
  shadowQueueMax: 16,
  /** Memory that copied requests may hold together; a single larger one is copied only into an empty queue. */
  shadowQueueBytesMax: 64 * MIB,
  deferMsMax: 7 * DAY_MS,
  deferMsMaxDefault: DAY_MS,
  recheckMsMin: 100,
  recheckMsMax: HOUR_MS,
  /** Decisions about one swap that the controller is told of; all of them are in the log of the device. */
  deferReportsMax: 16,
} as const;

/** What is kept of the answers of a release, to judge another one by (agent.md 5). */
export const measureLimits = {
  /** Latest answers of which an output's class or value is kept. */
  answersKeptMax: 4_096,
  latenciesKeptMax: 1_024,
  outputsMax: 8,
  /** Classes are folded into so many, and values counted in at most so many bins. */
  binsMax: 32,
  /** Elements of one output that are looked at in one answer; the part changes from answer to answer. */
  elementsMax: 16_384,
} as const;

/** Requests that belong together (agent.md 4). */
export const sequenceLimits = {
  statesMax: 8,
  idleMsMax: HOUR_MS,
  idleMsDefault: MINUTE_MS,
  openMax: 256,
  idLengthMax: 128,
} as const;

/** The local inference API on the device. */
export const serveLimits = {
  requestBytesMax: 64 * MIB,
  /** The JSON part of a request; parsed, it takes many times as much. */
  jsonBytesMax: 16 * MIB,
  /** Bodies of all requests that are not answered yet. */
  bodyBytesHeldMax: 256 * MIB,
  /** Of a body that memory is set aside for before its bytes have come. */
  bodyBytesPlacedMax: 4 * MIB,
  headerBytesMax: 16 * KIB,
  /** Body of a question that carries no tensors. */
  indexBytesMax: 4 * KIB,
  connectionsMax: 256,
  requestMsMax: 60 * SECOND_MS,
} as const;

/** Labels that applications give of what was predicted (telemetry.md 2.2). */
export const feedbackLimits = {
  /** Predictions of one release, newest first, that a label can still be given for. */
  predictionsPerReleaseMax: 16_384,
  predictionAgeMsMax: 7 * DAY_MS,
  /** Releases whose predictions are remembered; the longest unasked is forgotten. */
  releasesMax: 4,
  /** Items of all of them, by output. */
  itemsPerReleaseMax: 262_144,
  /** Rows of one answer; a larger answer is not remembered. */
  itemsPerPredictionMax: 1_024,
  /** Windows with new labels that wait to be told; then they are told at once. */
  windowsPendingMax: 256,
  bodyBytesMax: 128 * KIB,
  idLengthMax: 256,
  labelLengthMax: 64,
  /** How long a detector's word counts, for what is captured under drift. */
  driftHoldMs: 1 * HOUR_MS,
} as const;

/** The library for applications that ask the agent. */
export const clientLimits = {
  timeoutMsDefault: 10 * SECOND_MS,
  connectionsDefault: 16,
  /** Pause before another try while the agent restarts. */
  retryMsMin: 20,
  retryMsMax: 500,
  answerBytesMax: 256 * MIB,
} as const;

/** `GET /metrics`. */
export const metricsLimits = {
  /** Releases of a slot whose requests are counted apart; the longest unused is forgotten. */
  releasesPerSlotMax: 4,
} as const;

/** Lines of the agent's log about one event that a broker can cause at will. */
export const logLimits = {
  burstMax: 20,
  everyMs: 30 * SECOND_MS,
} as const;

/** Models bound to topics of a broker on the device or beside it. */
export const localBusLimits = {
  fileBytesMax: 256 * KIB,
  /** A larger packet ends the connection at its header. */
  packetBytesMax: 8 * MIB,
  /** A larger message is refused before anything of it is parsed. */
  payloadBytesMax: 4 * MIB,
  topicCharactersMax: 512,
  /** Of a request's name in its answer's topic. */
  idCharactersMax: 128,
  bindingsMax: 64,
  fieldsMax: 4_096,
  labelsMax: 65_536,
  windowMax: 65_536,
  /** Elements of all windows of one binding. */
  windowElementsMax: 1_048_576,
  /** Topics of one binding that have a window; the one silent longest gives way. */
  windowsMax: 256,
  /** Messages that have no answer yet; the next is dropped and counted. */
  inFlightMax: 256,
  inFlightBytesMax: 32 * MIB,
  /** A broker that acknowledges nothing for this long is as good as none: another connection is tried. */
  brokerAckMsMax: 30 * SECOND_MS,
  /** How often the log tells of messages without an answer, of one binding. */
  tellEveryMs: MINUTE_MS,
  connectMsMax: 10 * SECOND_MS,
  keepaliveSeconds: 30,
} as const;
