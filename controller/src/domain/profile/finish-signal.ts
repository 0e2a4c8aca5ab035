import { type ProfileCalibration, type SeasonalSlot, telemetryLimits } from "@modelfleet/protocol";
import { calibrateJointThreshold } from "../drift/calibration/calibrate-threshold.ts";
import type { BinnedRows } from "./bin-of.ts";
import { type Seasons, seasonalCounts } from "./seasons.ts";
import { inOrder, timeOrder } from "./time-order.ts";

/** A distribution with what is added to it. */
export type Finished<T> = T & {
  readonly threshold?: number;
  readonly seasonal?: SeasonalSlot[];
};
export type Finish = <T>(distribution: T, rows: BinnedRows) => Finished<T>;

export interface FinishOptions {
  /** Of the whole profile. */
  readonly signals: readonly BinnedRows[];
  readonly timesMs: Float64Array | undefined;
  readonly seasons: Seasons;
  /** null: no thresholds. */
  readonly calibration: ProfileCalibration | null;
}

/** Adds to a distribution its counts by season and its calibrated threshold (telemetry.md 2.1). */
export function finisher({ signals, timesMs, seasons, calibration }: FinishOptions): Finish {
  const order = timesMs === undefined ? null : timeOrder(timesMs);
  const sorted = (rows: Uint8Array) => (order === null ? rows : inOrder(rows, order));
  const slots = seasons.kind === "found" ? sorted(seasons.slots) : undefined;
  const thresholdOf = (together: readonly BinnedRows[]): number | null => {
    if (calibration === null || together.length === 0) return null;
    const references = together.map(({ bins, size }) => ({ rows: sorted(bins), bins: size }));
    const psi = calibrateJointThreshold(references, { ...calibration, slots });
    return Math.min(psi, telemetryLimits.thresholdMax);
  };
  // Chosen for the windows between two false alarms, one threshold holds for the largest of all.
  const joint = calibration?.ertWindows === undefined ? null : thresholdOf(signals);
  return (distribution, rows) => {
    const threshold = joint ?? thresholdOf([rows]);
    const seasonal = seasonalCounts(seasons, rows);
    return {
      ...distribution,
      ...(threshold !== null && { threshold }),
      ...(seasonal.length > 0 && { seasonal }),
    };
  };
}
