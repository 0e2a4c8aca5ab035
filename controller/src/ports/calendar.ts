import type { NextWindows } from "../domain/rollout/pacing/window-span.ts";

export type { WindowSpan } from "../domain/rollout/pacing/window-span.ts";

/** When maintenance windows are open, in the zones people live in. */
export interface Calendar {
  readonly nextWindows: NextWindows;
  /** Whether it is the name of an IANA zone. */
  readonly isZone: (zone: string) => boolean;
  /** What is wrong with a cron expression, in words; undefined: nothing. */
  readonly cronFault: (cron: string) => string | undefined;
}
