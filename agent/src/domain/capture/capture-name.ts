/** What the name of a captured file says: all that is needed to end it, whatever policy is in force by then. */
export interface CaptureName {
  readonly atMs: number;
  /** How long it is kept. */
  readonly keepMs: number;
  /** Makes it the only one of its kind. */
  readonly serial: string;
}

const form = /^(\d{1,15})-(\d{1,15})-([0-9a-f]{16})\.mfcap$/;

/** `1800000000000-604800000-0011223344556677.mfcap` */
export function captureName({ atMs, keepMs, serial }: CaptureName): string {
  return `${atMs}-${keepMs}-${serial}.mfcap`;
}

/** @returns undefined for the name of anything else */
export function parseCaptureName(name: string): CaptureName | undefined {
  const [, atMs, keepMs, serial] = form.exec(name) ?? [];
  if (serial === undefined) return undefined;
  return { atMs: Number(atMs), keepMs: Number(keepMs), serial };
}

/** Its time is over; or it was made at a time that is as far ahead, by a clock that was wrong. */
export function isOver({ atMs, keepMs }: CaptureName, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) >= keepMs;
}
