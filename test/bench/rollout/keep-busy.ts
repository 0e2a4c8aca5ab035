/** How long tasks took with so many under way at once. */
export interface Pace {
  readonly perSecond: number;
  /** Of the main thread alone, where the machine tells; work in the thread pool is not in it. */
  readonly mainMicros: number;
  /** From its start to its end, of each task. */
  readonly latenciesMs: readonly number[];
}

/** Does all tasks in their order, `width` of them at once. */
export async function keepBusy(
  tasks: readonly (() => Promise<unknown>)[],
  width: number,
): Promise<Pace> {
  const latenciesMs: number[] = [];
  const beforeMs = performance.now();
  const cpu = process.threadCpuUsage();
  let next = 0;
  const lane = async () => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      const startMs = performance.now();
      await task();
      latenciesMs.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  const { user, system } = process.threadCpuUsage(cpu);
  const seconds = (performance.now() - beforeMs) / 1_000;
  return {
    perSecond: tasks.length / seconds,
    mainMicros: (user + system) / tasks.length,
    latenciesMs,
  };
}
