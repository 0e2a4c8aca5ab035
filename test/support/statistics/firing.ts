/** Whatever is fed values one by one and says when it fires. */
export interface Detector {
  readonly update: (value: number) => boolean;
}

/** Indices at which a detector fires. */
export function firingIndices(detector: Detector, values: ArrayLike<number>): number[] {
  const indices: number[] = [];
  for (let i = 0; i < values.length; i++) if (detector.update(values[i] ?? 0)) indices.push(i);
  return indices;
}

export interface Delays {
  /** Values from the change to the first firing, mean over the streams in which it came in time. */
  readonly meanDelay: number;
  /** Streams without a firing in time. */
  readonly missed: number;
}

/**
 * How long detectors take to find a change; what fires before it is a false alarm and does not count here.
 *
 * @param firings indices at which each stream's detector fired
 * @param change index of the first changed value
 * @param delayMax values after the change within which it has to fire
 */
export function delaysAfter(firings: readonly number[][], change: number, delayMax = 2500): Delays {
  const delays = firings.flatMap((indices) => {
    const first = indices.find((index) => index >= change);
    return first === undefined || first >= change + delayMax ? [] : [first - change];
  });
  const sum = delays.reduce((total, delay) => total + delay, 0);
  return { meanDelay: sum / delays.length, missed: firings.length - delays.length };
}
