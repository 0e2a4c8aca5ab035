import { BinaryHeap } from "./binary-heap.ts";

/**
 * One order of all members in which every beginning is a fair sample of the strata, so that a larger cohort is always a
 * smaller one and more. Rules, with n members of which a stratum has m:
 *
 * 1. The first of every stratum comes before the second of any: every stratum is present as soon as there is room for
 *    all of them. The larger strata come first.
 * 2. After that, of every beginning of k members a stratum has k·m/n, rounded up or down, wherever each stratum's share
 *    is at least one. (The r-th member of a stratum may stand after place r·n/m, rounded down, and must stand at
 *    (r+1)·n/m, rounded up; the one that must stand soonest is next.)
 *
 * Sizes by largest remainder keep rule 2 for one k, but may take a member away when k grows (the Alabama paradox);
 * that is why the order, and not the size, is what is apportioned.
 *
 * @param strata members of each stratum in their own order, none empty
 * @see Tijdeman 1980, The chairman assignment problem, Discrete Mathematics 32
 */
export function stratifiedOrder<T>(strata: readonly (readonly T[])[]): readonly T[] {
  const total = strata.reduce((sum, members) => sum + members.length, 0);
  const seats = seatsOf(strata, total);
  const ready = new BinaryHeap<Seat<T>>(compareSeats);
  const order: T[] = [];
  for (let place = 1; place <= total; place += 1) {
    for (const seat of seats.get(place) ?? []) ready.push(seat);
    const next = ready.pop();
    if (next !== undefined) order.push(next.member);
  }
  return order;
}

interface Seat<T> {
  readonly member: T;
  /** Rank within its stratum, from 0. */
  readonly rank: number;
  /** Place at which it stands at the latest. */
  readonly latest: number;
  /** Where it would stand if all were spread evenly, as a share of the order. */
  readonly even: number;
  /** Of the stratum: by size, the largest is 0. */
  readonly stratum: number;
}

/** By the first place each may take. */
function seatsOf<T>(strata: readonly (readonly T[])[], total: number) {
  const seats = new Map<number, Seat<T>[]>();
  const bySize = strata.toSorted((left, right) => right.length - left.length);
  bySize.forEach((members, stratum) => {
    members.forEach((member, rank) => {
      const from = Math.floor((rank * total) / members.length) + 1;
      const latest = Math.ceil(((rank + 1) * total) / members.length);
      const even = (rank + 0.5) / members.length;
      const seat = { member, rank, latest, even, stratum };
      const there = seats.get(from);
      if (there === undefined) seats.set(from, [seat]);
      else there.push(seat);
    });
  });
  return seats;
}

function compareSeats<T>(left: Seat<T>, right: Seat<T>): number {
  const [isFirst, isOtherFirst] = [left.rank === 0, right.rank === 0];
  if (isFirst !== isOtherFirst) return isFirst ? -1 : 1;
  if (isFirst) return left.stratum - right.stratum;
  return left.latest - right.latest || left.even - right.even || left.stratum - right.stratum;
}
