import { driftLimits } from "@modelfleet/protocol";
import { blockStarts, drawOrder } from "./block-starts.ts";
import type { Bootstrap, ReferenceRows } from "./bootstrap.ts";
import { drawnPsi } from "./drawn-psi.ts";

/**
 * The PSI that windows drawn again and again from the reference itself, in blocks, stay below with chance `quantile`.
 *
 * @throws RangeError when sizes do not fit: a block longer than the window or the reference, no replicates
 * @see Künsch 1989, The jackknife and the bootstrap for general stationary observations (the moving block bootstrap;
 * Politis and Romano 1992, A circular block-resampling procedure: a block that reaches the end goes on at the beginning
 */
export function calibrateThreshold(reference: ReferenceRows, bootstrap: Bootstrap): number {
  return calibrateJointThreshold([reference], bootstrap);
}

/**
 * One threshold for all signals: the quantile of the largest PSI among them in the same drawn windows, so that what
 * they have in common counts once.
 *
 * @param signals of the same rows
 * @throws RangeError as `calibrateThreshold`, and when the signals have different numbers of rows
 */
export function calibrateJointThreshold(
  signals: readonly ReferenceRows[],
  bootstrap: Bootstrap,
): number {
  checkSizes(signals, bootstrap);
  const { replicates, windowItems, blockItems, quantile } = bootstrap;
  const order = drawOrder(signals[0]?.rows.length ?? 0, bootstrap.slots);
  const draw = blockStarts(order, bootstrap);
  const measures = signals.map((signal) => drawnPsi(signal, order, bootstrap));
  const starts = new Uint32Array(Math.ceil(windowItems / blockItems));
  const largest = new Float64Array(replicates);
  for (let replicate = 0; replicate < replicates; replicate++) {
    const slot = draw(starts);
    let most = 0;
    for (const psiOf of measures) most = Math.max(most, psiOf(starts, slot));
    largest[replicate] = most;
  }
  return quantileOf(largest, quantile);
}

/**
 * A bootstrap whose joint threshold a cohort without drift exceeds once in `ertWindows` windows on average.
 *
 * @throws RangeError unless 2 <= ertWindows <= `driftLimits.ertWindowsMax`
 */
export function ertBootstrap(
  ertWindows: number,
  drawn: Omit<Bootstrap, "replicates" | "quantile">,
): Bootstrap {
  if (!(ertWindows >= 2 && ertWindows <= driftLimits.ertWindowsMax)) {
    throw new RangeError(`expected 2 … ${driftLimits.ertWindowsMax} windows, got ${ertWindows}`);
  }
  const replicates = ertWindows * driftLimits.replicatesPerErtWindow;
  return { ...drawn, replicates, quantile: 1 - 1 / ertWindows };
}

function quantileOf(values: Float64Array, quantile: number): number {
  const rank = Math.ceil(values.length * quantile);
  return values.sort()[Math.max(0, rank - 1)] ?? 0;
}

function checkSizes(signals: readonly ReferenceRows[], bootstrap: Bootstrap): void {
  const { windowItems, blockItems, replicates, quantile } = bootstrap;
  const length = signals[0]?.rows.length ?? 0;
  if (signals.some(({ rows }) => rows.length !== length)) {
    throw new RangeError(`expected signals of the same ${length} rows`);
  }
  const longest = Math.min(windowItems, length);
  if (!(blockItems >= 1 && blockItems <= longest)) {
    throw new RangeError(`expected blocks of 1 … ${longest} rows, got ${blockItems}`);
  }
  if (!(replicates >= 1 && replicates <= driftLimits.replicatesMax)) {
    throw new RangeError(`expected 1 … ${driftLimits.replicatesMax} replicates, got ${replicates}`);
  }
  if (!(quantile > 0 && quantile < 1)) {
    throw new RangeError(`expected 0 < quantile < 1, got ${quantile}`);
  }
}
