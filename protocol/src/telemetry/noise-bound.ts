/**
 * The largest noise that a device lays on a count: beyond it discrete Laplace noise goes once in 10^17 draws, and is cut off.
 *
 * @param epsilon above 0
 */
export function noiseMagnitudeMax(epsilon: number): number {
  return Math.ceil(40 / epsilon);
}
