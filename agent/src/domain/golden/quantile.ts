/**
 * Nearest-rank quantile: the smallest member that at least this share of the members does not exceed.
 *
 * @param share in (0, 1]
 * @throws RangeError when there are no members
 */
export function quantile(members: readonly number[], share: number): number {
  const sorted = [...members].sort((left, right) => left - right);
  const member = sorted[Math.ceil(sorted.length * share) - 1];
  if (member === undefined) throw new RangeError("expected at least one member, got none");
  return member;
}
