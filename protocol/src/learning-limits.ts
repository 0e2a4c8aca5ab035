/** Bounds of learning a reference profile from live windows; a part of `limits.ts`. */

/** Learning from the first windows of a cohort (docs/profile.md; telemetry.md 2.1). */
export const learningLimits = {
  /** Windows of the cohort that are learnt from: a day of the default ones, and a week at most. */
  windowsDefault: 96,
  windowsMin: 2,
  windowsMax: 672,
  /** Items in all of them: 20 bins of 100. */
  itemsDefault: 2_000,
  itemsMin: 500,
  itemsMax: 1_000_000_000,
  /** Roll-ups of the cohort that are looked through for its first windows, and the newest ones for labels. */
  cellsReadMax: 2_000,
  /** Windows of devices that are learnt from: adding up their quantiles takes the controller some half a minute. */
  deviceWindowsMax: 50_000,
  /** Of these, before others have their turn. */
  deviceWindowsPerTurn: 16,
  /** Labels below which nothing is said of how often the model is wrong. */
  labelsMin: 100,
  /** Numbers of a learning profile, each with a sketch of its quantiles: with all of them a window still fits a message. */
  featuresMax: 10,
  /** `k` of the sketch in which those of the windows are merged: its own error of rank is below 0.1 %. */
  sketchK: 4_096,
  /** Values, evenly spaced by rank, of which the edges of the bins are found. */
  rankedValuesMax: 2_000,
  /** Elements of a tensor that are watched one by one; of a larger one its mean, spread, least and most. */
  elementsMax: 8,
  confirmedByLengthMax: 128,
} as const;
