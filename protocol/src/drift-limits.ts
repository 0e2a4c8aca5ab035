import { DAY_MS, MINUTE_MS, SECOND_MS } from "./measures.ts";

/** How the controller merges, keeps and shows telemetry by cohort (telemetry.md 2.4, 2.7). */
export const driftPipelineLimits = {
  /** Between two looks for cells that are due; at most a quarter of a short cell. */
  tickMsMin: SECOND_MS / 2,
  tickMsMax: 15 * SECOND_MS,
  leaseMs: MINUTE_MS,
  /** Windows, and devices, that are in memory at a time. */
  windowsPerPageMax: 500,
  devicesPerPageMax: 1_000,
  cellsPerTickMax: 64,
  daysPerTickMax: 8,
  silentReleasesPerTickMax: 8,
  /** Cohorts of one release; the largest by devices. */
  cohortsMax: 256,
  /** Different cohorts that are counted to find the largest. */
  cohortsCountedMax: 65_536,
  /** Cells of one cohort that are looked back on: a day of 5 min each; of shorter ones fewer. */
  cellsMergedMax: 288,
  shortCellsMergedMax: 32,
  /** Longer than any window is late (`historicalAgeMsMax`), so that a day is always added up from all of its cells. */
  cellRollupMsMax: 100 * DAY_MS,
  dayRollupMsMax: 730 * DAY_MS,
  rollupsPerForgetMax: 2_000,
  forgetEveryMs: DAY_MS,
  /** Under strict privacy nothing is shown of fewer. */
  strictDevicesMin: 5,
  strictItemsMin: 100,
  /** Rows of one answer. */
  quarantineKindsMax: 100,
  alertsPageMax: 500,
  alertsPageDefault: 100,
  /** Alerts a page looks at before it is handed out short. */
  alertsLookedAtMax: 2_000,
  alertChangesMax: 1_000,
  cohortLengthMax: 128,
  signalLengthMax: 256,
  alertIdLengthMax: 128,
  noteLengthMax: 512,
  /** Cohorts and signals that an answer, an alert or an event names as where drift comes from. */
  culpritsMax: 10,
  /** Devices that an alert names as unlike their peers, and new alerts of one cell whose devices are looked at. */
  outliersMax: 10,
  suspectedAlertsMax: 3,
  /** Rollouts of one release that are looked at for devices it has just come to, the newest first. */
  rolloutsLookedAtMax: 8,
} as const;

/** Work on devices that people announce, so that nobody is woken by it (docs/drift.md). */
export const maintenanceLimits = {
  /** Not over, of the whole fleet. */
  openMax: 100,
  lengthMsMax: 30 * DAY_MS,
  /** How long before now it may have begun, and how long after now it may begin. */
  backMsMax: DAY_MS,
  aheadMsMax: 90 * DAY_MS,
  reasonLengthMax: 512,
  listedMax: 200,
  /** After its end. */
  keptMs: 730 * DAY_MS,
  /** Share of a cohort's devices under it from which the cohort's own alerts are not told, either. */
  deviceShareMin: 0.02,
} as const;
