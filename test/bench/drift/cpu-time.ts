/**
 * Nanoseconds of this process's own processor time for one round, the best of several tries: a machine that others use
 * makes it wait, and waiting is not what is measured.
 *
 * @param rounds in one try, so many that a try takes tens of milliseconds
 */
export function bestCpuNs(rounds: number, work: (round: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 7; attempt++) {
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) work(round);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1_000) / rounds);
  }
  return best;
}
