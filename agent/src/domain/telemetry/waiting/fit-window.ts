import { encodedWindowBytes, type TelemetryWindow, telemetryLimits } from "@modelfleet/protocol";

/**
 * The window as it fits a message: as it is; without the quantiles, which are large and judged by nobody; or, where noise makes
 * all of its counts long, as that of a release without a profile. How many requests there were is told in any case.
 */
export function fitWindow(window: TelemetryWindow): TelemetryWindow {
  if (isFit(window)) return window;
  const counted = { ...window, features: window.features.map(({ quantiles: _, ...rest }) => rest) };
  if (isFit(counted)) return counted;
  const nothing = { profile: null, items: 0, features: [], outputs: [], categories: [] };
  return { ...window, ...nothing, epsilon: null };
}

function isFit(window: TelemetryWindow): boolean {
  return encodedWindowBytes(window) <= telemetryLimits.windowsBytesPerBatchMax;
}
