/** Three significant digits, for people. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
