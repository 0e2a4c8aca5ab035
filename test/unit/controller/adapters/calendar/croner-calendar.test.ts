import type { MaintenanceWindow } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronStarts } from "../../../../../controller/src/adapters/calendar/cron-starts.ts";
import { cronerCalendar } from "../../../../../controller/src/adapters/calendar/croner-calendar.ts";
import { PlanInvalid } from "../../../../../controller/src/domain/errors.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const seed = 20_261_203;

interface Asked {
  readonly cron: string;
  readonly hours: number;
  readonly zone: string;
  readonly from: string;
  readonly count?: number;
}

function windowOf(cron: string, durationMs: number): MaintenanceWindow {
  return { cron, durationMs, zone: "device" };
}

function spansOf({ cron, hours, zone, from, count = 2 }: Asked): readonly string[] {
  const at = { zone, fromMs: Date.parse(from), count };
  return cronerCalendar()
    .nextWindows(windowOf(cron, hours * HOUR_MS), at)
    .map(({ fromMs, untilMs }) => `${minute(fromMs)}–${minute(untilMs)}`);
}

function minute(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16);
}

describe("where the clocks change", () => {
  test("a night's window in Berlin keeps its local hour in winter and in summer", () => {
    const asked = { cron: "0 2 * * *", hours: 2, zone: "Europe/Berlin" };

    expect(spansOf({ ...asked, from: "2026-01-10T12:00:00Z", count: 1 })).toEqual([
      "2026-01-11T01:00–2026-01-11T03:00",
    ]);
    expect(spansOf({ ...asked, from: "2026-07-10T12:00:00Z", count: 1 })).toEqual([
      "2026-07-11T00:00–2026-07-11T02:00",
    ]);
  });

  test("a window in the hour that Berlin leaves out begins when the clocks have been put forward", () => {
    const asked = { cron: "30 2 * * *", hours: 2, zone: "Europe/Berlin" };

    expect(spansOf({ ...asked, from: "2026-03-28T12:00:00Z" })).toEqual([
      "2026-03-29T01:00–2026-03-29T03:00",
      "2026-03-30T00:30–2026-03-30T02:30",
    ]);
  });

  test("a window in the hour that New York leaves out begins when the clocks have been put forward", () => {
    const asked = { cron: "30 2 * * *", hours: 1, zone: "America/New_York" };

    expect(spansOf({ ...asked, from: "2026-03-08T00:00:00Z", count: 1 })).toEqual([
      "2026-03-08T07:00–2026-03-08T08:00",
    ]);
  });

  test("one of several hours a day loses no night to the clocks either", () => {
    const asked = { cron: "30 2,14 * * *", hours: 1, zone: "Europe/Berlin" };

    expect(spansOf({ ...asked, from: "2026-03-28T20:00:00Z" })).toEqual([
      "2026-03-29T01:00–2026-03-29T02:00",
      "2026-03-29T12:30–2026-03-29T13:30",
    ]);
  });

  test("a window in the hour that comes twice is opened the first time only", () => {
    const asked = { cron: "30 2 * * *", hours: 0.25, zone: "Europe/Berlin" };

    expect(spansOf({ ...asked, from: "2026-10-24T12:00:00Z" })).toEqual([
      "2026-10-25T00:30–2026-10-25T00:45",
      "2026-10-26T01:30–2026-10-26T01:45",
    ]);
    expect(spansOf({ ...asked, from: "2026-10-25T00:45:00Z", count: 1 })).toEqual([
      "2026-10-26T01:30–2026-10-26T01:45",
    ]);
  });

  test("a window over the change of the clocks lasts as long as it says in real time", () => {
    const asked = { cron: "0 1 * * *", hours: 4, zone: "Europe/Berlin", count: 1 };

    expect(spansOf({ ...asked, from: "2026-03-28T12:00:00Z" })).toEqual([
      "2026-03-29T00:00–2026-03-29T04:00",
    ]);
    expect(spansOf({ ...asked, from: "2026-10-24T12:00:00Z" })).toEqual([
      "2026-10-24T23:00–2026-10-25T03:00",
    ]);
  });

  test("a zone that is put forward by half an hour is reckoned by the half hour", () => {
    const asked = { cron: "15 2 * * *", hours: 1, zone: "Australia/Lord_Howe" };

    expect(spansOf({ ...asked, from: "2026-10-03T00:00:00Z" })).toEqual([
      "2026-10-03T15:30–2026-10-03T16:30",
      "2026-10-04T15:15–2026-10-04T16:15",
    ]);
  });

  test("every hour means the hour that comes twice, too", () => {
    const asked = { cron: "30 * * * *", hours: 0.25, zone: "Europe/Berlin" };

    expect(spansOf({ ...asked, from: "2026-10-25T00:00:00Z", count: 3 })).toEqual([
      "2026-10-25T00:30–2026-10-25T00:45",
      "2026-10-25T01:30–2026-10-25T01:45",
      "2026-10-25T02:30–2026-10-25T02:45",
    ]);
  });
});

/** Local minute, hour and day of week, from the platform's own calendar. */
function localFields(zone: string) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    hour: "numeric",
    minute: "numeric",
    weekday: "short",
  });
  return (atMs: number) => {
    const parts = format.formatToParts(atMs);
    const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
    return { minute: Number(part("minute")), hour: Number(part("hour")), day: part("weekday") };
  };
}

test(`windows that begin several times an hour begin at the minutes of the platform's own calendar (seed ${seed})`, () => {
  const zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Africa/Cairo"];
  const changes = [
    "2026-03-29T01:00Z",
    "2026-10-25T01:00Z",
    "2026-03-08T05:30Z",
    "2026-11-01T04:30Z",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...changes),
      fc.constantFrom(10, 15, 20, 30),
      fc.integer({ min: -300, max: 60 }),
      (zone, change, step, offset) => {
        const fromMs = Date.parse(change) + offset * MINUTE_MS;
        const fields = localFields(zone);
        const expected = Array.from({ length: 300 }, (_, index) => fromMs + (index + 1) * MINUTE_MS)
          .filter((atMs) => fields(atMs).minute % step === 0)
          .slice(0, 8);

        const found: number[] = [];
        for (const startMs of cronStarts(`*/${step} * * * *`, zone, fromMs)) {
          if (found.push(startMs) === expected.length) break;
        }

        expect(found).toEqual(expected);
      },
    ),
    { seed, numRuns: 60 },
  );
});

describe("which spans are told", () => {
  test("a window that is open is the first of them, until the millisecond it ends", () => {
    const asked = { cron: "0 2 * * *", hours: 2, zone: "UTC", count: 1 };

    expect(spansOf({ ...asked, from: "2026-05-05T02:00:00.000Z" })).toEqual([
      "2026-05-05T02:00–2026-05-05T04:00",
    ]);
    expect(spansOf({ ...asked, from: "2026-05-05T03:59:59.999Z" })).toEqual([
      "2026-05-05T02:00–2026-05-05T04:00",
    ]);
    expect(spansOf({ ...asked, from: "2026-05-05T04:00:00.000Z" })).toEqual([
      "2026-05-06T02:00–2026-05-06T04:00",
    ]);
  });

  test("windows that touch are one, and those a minute apart are two", () => {
    expect(
      spansOf({ cron: "0 2,3 * * *", hours: 1, zone: "UTC", from: "2026-05-05T00:00Z" }),
    ).toEqual(["2026-05-05T02:00–2026-05-05T04:00", "2026-05-06T02:00–2026-05-06T04:00"]);
    expect(
      spansOf({ cron: "1 2,3 * * *", hours: 59 / 60, zone: "UTC", from: "2026-05-05T00:00Z" }),
    ).toEqual(["2026-05-05T02:01–2026-05-05T03:00", "2026-05-05T03:01–2026-05-05T04:00"]);
  });

  test("a window that never closes is told about for as long as was reckoned, again and again", () => {
    const calendar = cronerCalendar();
    const always = windowOf("* * * * *", HOUR_MS);
    const at = { zone: "UTC", count: 8 };
    for (const hours of [0, 2, 4, 8, 50]) {
      const fromMs = Date.parse("2026-05-05T00:00Z") + hours * HOUR_MS;

      const spans = calendar.nextWindows(always, { ...at, fromMs });

      expect(spans).toHaveLength(1);
      expect(spans[0]?.fromMs).toBeLessThanOrEqual(fromMs);
      expect(spans[0]?.untilMs).toBeGreaterThan(fromMs + HOUR_MS);
    }
  });

  test("the leap day is waited for", () => {
    const asked = { cron: "0 0 29 2 *", hours: 1, zone: "UTC", from: "2026-05-05T00:00Z" };

    expect(spansOf(asked)).toEqual([
      "2028-02-29T00:00–2028-02-29T01:00",
      "2032-02-29T00:00–2032-02-29T01:00",
    ]);
  });

  test(`what is remembered is what would be reckoned (seed ${seed})`, () => {
    const calendar = cronerCalendar();
    const startMs = Date.parse("2026-10-20T00:00Z");
    const window = windowOf("0 */6 * * *", 90 * MINUTE_MS);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 * 24 * 60 }), (minutes) => {
        const at = { zone: "Europe/Berlin", fromMs: startMs + minutes * MINUTE_MS, count: 3 };

        expect(calendar.nextWindows(window, at)).toEqual(cronerCalendar().nextWindows(window, at));
      }),
      { seed, numRuns: 60 },
    );
  });
});

describe("what is refused", () => {
  const { cronFault, isZone, nextWindows } = cronerCalendar();

  test.each([
    "0 2 * * *",
    "59 23 31 12 7",
    "*/15 2-4 * JAN,JUL MON-FRI",
    "0 2 L * *",
    "0 2 * * 5#2",
    "0 0 29 2 *",
  ])("%s is a cron expression", (cron) => {
    expect(cronFault(cron)).toBeUndefined();
  });

  test.each([
    ["0 2 * *", "expected five fields"],
    ["0 2 * * * *", "expected five fields"],
    ["0  2 * * *", "expected five fields"],
    ["@daily", "expected five fields"],
    ["? 2 * * *", "expected five fields"],
    ["0 2 * * 1+", "expected five fields"],
    ["", "expected five fields"],
    ["60 2 * * *", "expected a cron expression"],
    ["0 24 * * *", "expected a cron expression"],
    ["0 2 32 * *", "expected a cron expression"],
    ["0 2 * 13 *", "expected a cron expression"],
    ["0 2 * * 8", "expected a cron expression"],
    ["5/5 2 * * *", "expected a cron expression"],
    ["0 0 30 2 *", "which never does"],
  ])("%s is none", (cron, sentence) => {
    expect(cronFault(cron)).toContain(sentence);
    expect(() =>
      nextWindows(windowOf(cron, HOUR_MS), { zone: "UTC", fromMs: 0, count: 1 }),
    ).toThrow(PlanInvalid);
  });

  test.each([
    "UTC",
    "Europe/Berlin",
    "America/Argentina/Buenos_Aires",
    "Etc/GMT+5",
  ])("%s is a zone", (zone) => {
    expect(isZone(zone)).toBe(true);
  });

  test.each([
    "",
    "device",
    "+01:00",
    "Europe/Atlantis",
    "Europe.Berlin",
    "Europe/Berlin ",
    "../UTC",
  ])('"%s" is none', (zone) => {
    expect(isZone(zone)).toBe(false);
    expect(() =>
      nextWindows(windowOf("0 2 * * *", HOUR_MS), { zone, fromMs: 0, count: 1 }),
    ).toThrow(PlanInvalid);
  });
});
