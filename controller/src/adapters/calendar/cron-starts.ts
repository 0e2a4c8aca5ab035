import { Cron, type CronOptions } from "croner";

/**
 * `no-wildcard`: a list or a range of hours is a fixed time as a single one is, so that `0 2,14 * * *` loses no night to
 * the clocks.
 */
const options = {
  mode: "5-part",
  fixedTimeRule: "no-wildcard",
  paused: true,
} as const satisfies CronOptions;

/**
 * Moments at which a cron expression is met, strictly after `afterMs`, in whole minutes; as many as there are.
 *
 * @param cron for which `cronFault` has no word
 */
export function* cronStarts(cron: string, zone: string, afterMs: number): Generator<number> {
  const job = new Cron(cron, { ...options, timezone: zone });
  for (let next = job.nextRun(new Date(afterMs)); next !== null; next = job.nextRun(next)) {
    yield next.getTime();
  }
}

/** What is wrong with a cron expression, in words; undefined: nothing. */
export function cronFault(cron: string): string | undefined {
  // No nickname (@daily), no + and no ?, which croner reads as the moment of reading.
  if (!/^(?:[0-9A-Za-z*,/#-]+ ){4}[0-9A-Za-z*,/#-]+$/.test(cron)) {
    return `expected five fields (minute, hour, day of month, month, day of week) with one space between them, got "${cron}"`;
  }
  try {
    const job = new Cron(cron, { ...options, timezone: "UTC" });
    if (job.nextRun(new Date(0)) !== null) return undefined;
    return `expected a time that comes, got "${cron}", which never does`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `expected a cron expression like 0 2 * * 1-5, got "${cron}" (${reason})`;
  }
}
