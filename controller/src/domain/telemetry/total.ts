/** The sum of counts; exact below 2^53. 0 for none. */
export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
