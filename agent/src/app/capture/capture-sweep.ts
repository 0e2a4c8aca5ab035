import { isOver, parseCaptureName } from "../../domain/capture/capture-name.ts";
import { allows, type CaptureConsent } from "../../domain/capture/consent.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";

/** What a look at the captures on disk came to. */
export interface Swept {
  /** Removed since nobody consents any more. */
  readonly withdrawn: number;
  /** Removed since their time was over. */
  readonly expired: number;
  readonly left: number;
}

/** Removes what the people of the device do not allow any more, and what is over. @throws StoreError */
export async function sweepCaptures(
  store: CaptureStore,
  consent: CaptureConsent | null,
  nowMs: number,
): Promise<Swept> {
  const counts = { withdrawn: 0, expired: 0, left: 0 };
  for (const stored of await store.list()) {
    const name = parseCaptureName(stored.name);
    const isAllowed = allows(consent, stored.policy);
    // Half a file has no name of its own; whoever wrote it is gone.
    const isDone = name === undefined || isOver(name, nowMs);
    if (isAllowed && !isDone) counts.left += 1;
    else {
      await store.remove(stored);
      counts[isAllowed ? "expired" : "withdrawn"] += 1;
    }
  }
  return counts;
}
