import { mainSlot, type ReferenceProfile, type TelemetryWindow } from "@modelfleet/protocol";
import type { SketchPrivacy } from "../../../agent/src/domain/telemetry/privacy/guard-sketches.ts";
import { createWindowRecorder } from "../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import type { Random } from "../random.ts";
import { observation, rows } from "./observations.ts";
import { dayStartMs, hourMs, profileDigest, referenceOf, releaseDigest } from "./windows.ts";

/** Two features, of which the second asks for quantiles. */
export function referenceWithQuantiles(): ReferenceProfile {
  const reference = referenceOf(2);
  const features = reference.features.map((feature, i) => ({ ...feature, quantiles: i === 1 }));
  return { ...reference, features, outputs: [] };
}

export interface QuantileWindowOptions {
  readonly random: Random;
  readonly reference?: ReferenceProfile;
  readonly privacy?: SketchPrivacy;
  /** Hours after the start of the day. */
  readonly hour?: number;
}

/** The window a device makes of requests of one item each, whose second feature has these values. */
export function quantileWindow(
  values: readonly number[],
  { random, reference = referenceWithQuantiles(), privacy, hour = 0 }: QuantileWindowOptions,
): TelemetryWindow {
  const windows: TelemetryWindow[] = [];
  const nowMs = dayStartMs + hour * hourMs;
  const recorder = createWindowRecorder({
    slot: mainSlot,
    release: releaseDigest,
    profile: { reference, digest: profileDigest },
    windowMs: hourMs,
    ...(privacy === undefined ? {} : { privacy }),
    nextBit: () => random.below(2),
    onClosed: (window) => windows.push(window),
  });
  for (const value of values) {
    recorder.observe(observation({ nowMs, inputs: [rows("x", [[0, value]])] }));
  }
  recorder.close(nowMs + 1);
  const [window] = windows;
  if (window === undefined) throw new Error("expected a window");
  return window;
}
