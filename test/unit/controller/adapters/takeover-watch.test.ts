import { busLimits, DeviceId } from "@modelfleet/protocol";
import { beforeEach, expect, test } from "vitest";
import { TakeoverWatch } from "../../../../controller/src/adapters/aedes-broker/takeover-watch.ts";

const cam1 = DeviceId.parse("cam-1");
const cam2 = DeviceId.parse("cam-2");
const { takeoversMax, takeoverWindowMs, takeoverPauseMsMax, takeoverForgetMs } = busLimits;

let nowMs: number;
let watch: TakeoverWatch;
beforeEach(() => {
  nowMs = 1_000_000;
  watch = new TakeoverWatch(() => nowMs);
});

/** So many take-overs, `everyMs` after each other. @returns at which of them two clients were seen */
function takeovers(count: number, everyMs: number, device = cam1): number[] {
  return Array.from({ length: count }, (_, i) => i + 1).filter(() => {
    nowMs += everyMs;
    return watch.taken(device);
  });
}

test("F57: as many take-overs as there may be within the window are two clients, and one fewer is not", () => {
  expect(takeovers(takeoversMax - 1, 1)).toEqual([]);
  expect(watch.pauseMs(cam1)).toBe(0);

  expect(watch.taken(cam1)).toBe(true);
  expect(watch.pauseMs(cam1)).toBe(busLimits.takeoverPauseMsMin);
});

test("F57: take-overs further apart than the window are a device that comes back", () => {
  expect(takeovers(20, takeoverWindowMs / (takeoversMax - 1))).toEqual([]);
  expect(watch.pauseMs(cam1)).toBe(0);
});

test("F57: each take-over after that makes newcomers pause twice as long, up to the limit, and is told once", () => {
  const pauses: number[] = [];
  let told = 0;
  for (let round = 0; round < takeoversMax + 9; round++) {
    told += watch.taken(cam1) ? 1 : 0;
    const pauseMs = watch.pauseMs(cam1);
    pauses.push(pauseMs / 1_000);
    nowMs += pauseMs;
  }

  expect(pauses).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 120, 120, 120]);
  expect(told).toBe(1);
});

test("a pause is over at its end and not before", () => {
  takeovers(takeoversMax, 1);

  nowMs += busLimits.takeoverPauseMsMin - 1;
  expect(watch.pauseMs(cam1)).toBe(1);
  nowMs += 1;
  expect(watch.pauseMs(cam1)).toBe(0);
});

test("a quiet time forgets it; newcomers in their pause are no quiet", () => {
  takeovers(takeoversMax + 9, 1);
  nowMs += takeoverPauseMsMax - 1;
  expect(watch.pauseMs(cam1)).toBe(1);
  nowMs += takeoverForgetMs - 1;
  watch.taken(cam1);
  expect(watch.pauseMs(cam1)).toBe(takeoverPauseMsMax);

  nowMs += takeoverForgetMs;
  expect(watch.taken(cam1)).toBe(false);
  expect(watch.pauseMs(cam1)).toBe(0);
});

test("one device's twins do not make another one pause", () => {
  takeovers(takeoversMax, 1);

  expect(watch.pauseMs(cam2)).toBe(0);
  expect(takeovers(1, 1, cam2)).toEqual([]);
});
