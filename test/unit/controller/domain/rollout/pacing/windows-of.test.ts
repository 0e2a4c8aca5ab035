import { MaintenanceWindow, rolloutLimits } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronerCalendar } from "../../../../../../controller/src/adapters/calendar/croner-calendar.ts";
import {
  deviceZone,
  mergeSpans,
  windowsOf,
} from "../../../../../../controller/src/domain/rollout/pacing/windows-of.ts";

const seed = 20_261_209;
const calendar = cronerCalendar();
const nowMs = Date.parse("2026-07-06T12:00:00Z");
const HOUR_MS = 3_600_000;

function windowOf(cron: string, hours: number, zone?: string): MaintenanceWindow {
  return MaintenanceWindow.parse({ cron, durationMs: hours * HOUR_MS, ...(zone && { zone }) });
}

function shown(windows: readonly MaintenanceWindow[], labels: Record<string, string> = {}) {
  return windowsOf({ windows }, { labels }, { calendar, nowMs })?.map(
    ({ fromMs, untilMs }) =>
      `${new Date(fromMs).toISOString().slice(0, 16)} ${(untilMs - fromMs) / HOUR_MS}h`,
  );
}

test("a plan without windows lets a device serve at any time", () => {
  expect(windowsOf({ windows: [] }, { labels: {} }, { calendar, nowMs })).toBeNull();
});

describe("the zone of a device", () => {
  const night = [windowOf("0 2 * * *", 2)];

  test("is what its label says, with dots for slashes", () => {
    expect(shown(night, { timezone: "Europe.Berlin" })?.[0]).toBe("2026-07-07T00:00 2h");
    expect(shown(night, { timezone: "America.Argentina.Buenos_Aires" })?.[0]).toBe(
      "2026-07-07T05:00 2h",
    );
  });

  test("is UTC when it has no label, or one that names no zone", () => {
    expect(shown(night)?.[0]).toBe("2026-07-07T02:00 2h");
    expect(deviceZone({ timezone: "Europe.Atlantis" }, calendar.isZone)).toBe("UTC");
    expect(deviceZone({ timezone: "UTC" }, calendar.isZone)).toBe("UTC");
  });

  test("makes no difference to a window that names its own", () => {
    const fixed = [windowOf("0 2 * * *", 2, "Asia/Tokyo")];

    expect(shown(fixed, { timezone: "Europe.Berlin" })?.[0]).toBe("2026-07-06T17:00 2h");
  });
});

describe("several windows", () => {
  test("are told in the order they come, as many as a device is told", () => {
    const spans = shown([windowOf("0 3 * * *", 1, "UTC"), windowOf("0 22 * * 1", 1, "UTC")]);

    expect(spans).toHaveLength(rolloutLimits.windowsAheadMax);
    expect(spans?.slice(0, 3)).toEqual([
      "2026-07-06T22:00 1h",
      "2026-07-07T03:00 1h",
      "2026-07-08T03:00 1h",
    ]);
  });

  test("that overlap or touch are one", () => {
    expect(shown([windowOf("0 1 * * *", 2, "UTC"), windowOf("0 2 * * *", 2, "UTC")])?.[0]).toBe(
      "2026-07-07T01:00 3h",
    );
    expect(shown([windowOf("0 1 * * *", 1, "UTC"), windowOf("0 2 * * *", 1, "UTC")])?.[0]).toBe(
      "2026-07-07T01:00 2h",
    );
    expect(
      shown([windowOf("0 1 * * *", 1, "UTC"), windowOf("1 2 * * *", 1, "UTC")])?.slice(0, 2),
    ).toEqual(["2026-07-07T01:00 1h", "2026-07-07T02:01 1h"]);
  });

  test("one inside another adds nothing", () => {
    expect(shown([windowOf("0 1 * * *", 5, "UTC"), windowOf("0 2 * * *", 1, "UTC")])?.[0]).toBe(
      "2026-07-07T01:00 5h",
    );
  });
});

test(`merged spans cover the same moments, in order and apart (seed ${seed})`, () => {
  const span = fc
    .tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 10 }))
    .map(([fromMs, lengthMs]) => ({ fromMs, untilMs: fromMs + lengthMs }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
      const merged = mergeSpans(spans);

      const covers = (list: typeof spans | typeof merged, atMs: number) =>
        list.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
      for (let atMs = 0; atMs < 75; atMs += 1)
        expect(covers(merged, atMs)).toBe(covers(spans, atMs));
      merged.slice(1).forEach(({ fromMs }, index) => {
        expect(fromMs).toBeGreaterThan(merged[index]?.untilMs ?? Number.NaN);
      });
    }),
    { seed, numRuns: 300 },
  );
});
