import type { TelemetryWindow } from "@modelfleet/protocol";
import { mainSlot, type ReferenceProfile } from "@modelfleet/protocol";
import type { Observation } from "../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import { createWindowRecorder } from "../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import type { Random } from "../random.ts";
import { dayStartMs, hourMs, profileDigest, releaseDigest } from "./windows.ts";

/** A float32 tensor of one row of items a row. */
export function rows(name: string, items: readonly (readonly number[])[]): Tensor {
  const bytes = new Uint8Array(Float32Array.from(items.flat()).buffer);
  return { name, dtype: "float32", shape: [items.length, items[0]?.length ?? 0], bytes };
}

/** A request that took 1 ms at the start of the day, changed as told. */
export function observation(changes: Partial<Observation>): Observation {
  return { inputs: [], outputs: [], latencyUs: 1_000, nowMs: dayStartMs, ...changes };
}

/** One item of normal features, and an answer that is sure of one class. */
export function randomObservation(random: Random, features: number): Observation {
  const x = Array.from({ length: features }, () => random.normal());
  const likely = random.below(10);
  const y = Array.from({ length: 10 }, (_, i) => (i === likely ? 0.5 + random.next() / 2 : 0.01));
  const latencyUs = Math.exp(7 + random.normal() / 2);
  return observation({ inputs: [rows("x", [x])], outputs: [rows("y", [y])], latencyUs });
}

/** The windows a device makes of these requests. */
export function recorded(
  reference: ReferenceProfile | null,
  observations: readonly Observation[],
): readonly TelemetryWindow[] {
  const { recorder, windows } = recorderOf(reference);
  for (const each of observations) recorder.observe(each);
  recorder.close((observations.at(-1)?.nowMs ?? 0) + 1);
  return windows;
}

/** What counts the requests of a release with this profile, and the windows that it has closed. */
export function recorderOf(reference: ReferenceProfile | null) {
  const windows: TelemetryWindow[] = [];
  const recorder = createWindowRecorder({
    slot: mainSlot,
    release: releaseDigest,
    profile: reference === null ? null : { reference, digest: profileDigest },
    windowMs: hourMs,
    onClosed: (window) => windows.push(window),
  });
  return { recorder, windows };
}
