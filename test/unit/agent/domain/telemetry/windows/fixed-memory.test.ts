import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { mainSlot } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { createSketchSet } from "../../../../../../agent/src/domain/telemetry/windows/sketch-set.ts";
import { createWindowRecorder } from "../../../../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import { seededRandom } from "../../../../../support/random.ts";
import { randomObservation } from "../../../../../support/telemetry/observations.ts";
import {
  hourMs,
  profileDigest,
  referenceOf,
  releaseDigest,
} from "../../../../../support/telemetry/windows.ts";

const seed = 10;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is held on the heap and beside it, in arrays. */
function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("T10: the sketches of 64 features hold at most 32 KiB", () => {
  const reference = referenceOf(64);
  // What the first ones cost is code.
  const warm = Array.from({ length: 20 }, () => createSketchSet(reference));
  const before = heldBytes();
  const sets = Array.from({ length: 50 }, () => createSketchSet(reference));
  const bytes = (heldBytes() - before) / sets.length;

  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThanOrEqual(32 * 1_024);
  expect(warm.length + sets.length).toBe(70);
});

test(`T10: a million requests leave the heap as it was (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const seen = Array.from({ length: 64 }, () => randomObservation(random, 4));
  const recorder = createWindowRecorder({
    ...{ slot: mainSlot, release: releaseDigest, windowMs: hourMs },
    profile: { reference: referenceOf(4), digest: profileDigest },
    onClosed: () => undefined,
  });
  const measure = (requests: number) => {
    for (let i = 0; i < requests; i++) {
      const each = seen[i % seen.length];
      if (each !== undefined) recorder.observe(each);
    }
  };
  measure(50_000);
  const before = heldBytes();
  measure(1_000_000);

  // Optimised code comes and goes meanwhile.
  expect(heldBytes() - before).toBeLessThan(512 * 1_024);
});
