import {
  mainSlot,
  type ReferenceProfile,
  type Sha256,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import type { SketchPrivacy } from "../../../agent/src/domain/telemetry/privacy/guard-sketches.ts";
import { createWindowRecorder } from "../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import type { Random } from "../random.ts";
import { rows } from "../telemetry/observations.ts";

/** The numbers of one item, and a share for each class. */
export interface MeasuredItem {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface MeasuredWindowOf {
  readonly release: Sha256;
  readonly profile: { readonly reference: ReferenceProfile; readonly digest: Sha256 };
  readonly startMs: number;
  readonly windowMs: number;
  readonly items: readonly MeasuredItem[];
  readonly random: Random;
  readonly privacy?: SketchPrivacy;
}

const ITEMS_PER_REQUEST = 50;

/** What a device makes of these items, by its own counters. */
export function measuredWindow(of: MeasuredWindowOf): TelemetryWindow {
  const { release, profile, startMs, windowMs, items, random, privacy } = of;
  const windows: TelemetryWindow[] = [];
  const recorder = createWindowRecorder({
    ...{ slot: mainSlot, release, profile, windowMs },
    ...(privacy === undefined ? {} : { privacy }),
    nextBit: () => random.below(2),
    onClosed: (window) => windows.push(window),
  });
  for (let from = 0; from < items.length; from += ITEMS_PER_REQUEST) {
    const some = items.slice(from, from + ITEMS_PER_REQUEST);
    const inputs = [
      rows(
        "x",
        some.map(({ x }) => x),
      ),
    ];
    const outputs = [
      rows(
        "y",
        some.map(({ y }) => y),
      ),
    ];
    recorder.observe({ inputs, outputs, latencyUs: 1_000, nowMs: startMs });
  }
  recorder.close(startMs + windowMs);
  const [window] = windows;
  if (window === undefined) throw new RangeError("expected items");
  return window;
}

/** Four normal numbers, the first moved by so many standard deviations, and an answer of three classes. */
export function normalItem(random: Random, shift = 0): MeasuredItem {
  const x = Array.from({ length: 4 }, (_, at) =>
    Math.fround(random.normal() + (at === 0 ? shift : 0)),
  );
  const likely = random.below(3);
  const sure = 0.4 + 0.6 * random.next();
  const y = [0, 1, 2].map((at) => Math.fround(at === likely ? sure : (1 - sure) / 2));
  return { x, y };
}
