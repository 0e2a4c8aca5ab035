import {
  digest8,
  latencyCount,
  type ReferenceProfile,
  type Sha256,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { sketchesRefusal } from "./check-sketches.ts";
import { total } from "./total.ts";
import {
  contradiction,
  type RefusedWindow,
  refused,
  type WindowVerdict,
} from "./window-verdict.ts";

/** What the controller knows when a window arrives. */
export interface WindowContext {
  /** Reference profile of the window's release and the `sha256` of its file; null when it has none. */
  readonly profile: { readonly reference: ReferenceProfile; readonly digest: Sha256 } | null;
  readonly receivedAtMs: number;
}

/** Whether a decoded window may be added to others (telemetry.md 2.4). */
export function checkWindow(window: TelemetryWindow, context: WindowContext): WindowVerdict {
  const refusal =
    timeRefusal(window, context.receivedAtMs) ??
    requestsRefusal(window) ??
    profileRefusal(window, context.profile) ??
    sketchesRefusal(window, context.profile?.reference);
  return refusal ?? { kind: "ok" };
}

function timeRefusal(window: TelemetryWindow, receivedAtMs: number): RefusedWindow | undefined {
  const { windowAgeMsMax, historicalAgeMsMax } = telemetryLimits;
  // protocol.md 6.5: what waited on a device's shelf may be older.
  const earliestMs = receivedAtMs - (window.historical ? historicalAgeMsMax : windowAgeMsMax);
  const latestMs = receivedAtMs + telemetryLimits.windowAheadMsMax;
  const endMs = window.startMs + window.durationMs;
  if (window.startMs < earliestMs) {
    return refused("TIME", `startMs: expected ${earliestMs} or later, got ${window.startMs}`);
  }
  if (endMs > latestMs) {
    return refused("TIME", `startMs + durationMs: expected at most ${latestMs}, got ${endMs}`);
  }
  return undefined;
}

function requestsRefusal(window: TelemetryWindow): RefusedWindow | undefined {
  const failed = total(window.errors.map(({ count }) => count));
  if (failed > window.requests)
    return contradiction("errors", `at most ${window.requests}`, failed);
  if (failed === window.requests && window.items > 0) {
    return contradiction("items", "0 without an answered request", window.items);
  }
  const measured = latencyCount(window.latency);
  if (measured !== window.requests)
    return contradiction("latency.counts", window.requests, measured);
  return undefined;
}

function profileRefusal(
  window: TelemetryWindow,
  profile: WindowContext["profile"],
): RefusedWindow | undefined {
  if (window.profile === null) {
    return window.items === 0
      ? undefined
      : contradiction("items", "0 without a profile", window.items);
  }
  const expected = profile === null ? "none" : digest8(profile.digest);
  if (window.profile === expected) return undefined;
  return refused("PROFILE", `profile: expected ${expected}, got ${window.profile}`);
}
