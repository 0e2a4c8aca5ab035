import { FormatError, parseDuration, telemetryLimits } from "@modelfleet/protocol";
import { ConfigError } from "./config-error.ts";

/**
 * Length of a grid cell, from `--drift-window`.
 *
 * @throws ConfigError
 */
export function parseDriftWindow(text: string | undefined): number {
  const { windowMsDefault, windowMsMin, windowMsMax } = telemetryLimits;
  if (text === undefined) return windowMsDefault;
  const lengthMs = durationOf(text);
  if (lengthMs !== undefined && lengthMs >= windowMsMin && lengthMs <= windowMsMax) return lengthMs;
  throw new ConfigError(
    "CONFIG",
    `--drift-window: expected a duration from 1s to 24h, like 15m, got ${text}`,
  );
}

function durationOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
