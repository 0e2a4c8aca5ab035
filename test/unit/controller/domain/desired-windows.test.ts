import { type DesiredModel, formatTimestamp, MaintenanceWindow } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { cronerCalendar } from "../../../../controller/src/adapters/calendar/croner-calendar.ts";
import {
  areWindowsRunningOut,
  desiredModels,
  type OrderedSlot,
} from "../../../../controller/src/domain/fleet/desired-models.ts";
import { reference, wanted } from "../../../support/agent/slot-facts.ts";

const calendar = cronerCalendar();
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** At noon; each night at two there is an hour. */
const signedAtMs = Date.UTC(2026, 6, 6, 12);
const firstMs = Date.UTC(2026, 6, 7, 2);
const nightly = windowOf("0 2 * * *");
const named = reference("2");

function windowOf(cron: string): MaintenanceWindow {
  return MaintenanceWindow.parse({ cron, durationMs: hourMs, zone: "UTC" });
}

function ordered(windows?: readonly MaintenanceWindow[]): OrderedSlot {
  const { slot } = wanted();
  return { slot, ...named, envelopeSize: 900, ...(windows === undefined ? {} : { windows }) };
}

function activate(slot: OrderedSlot): DesiredModel["activate"] | undefined {
  return desiredModels([slot], { calendar, nowMs: signedAtMs })[0]?.activate;
}

describe("an order", () => {
  test("names the next eight windows as absolute times", () => {
    expect(activate(ordered([nightly]))).toEqual({
      windows: Array.from({ length: 8 }, (_, night) => [
        formatTimestamp(firstMs + night * dayMs),
        formatTimestamp(firstMs + night * dayMs + hourMs),
      ]),
    });
  });

  test("without windows is for now", () => {
    expect(activate(ordered())).toBe("now");
  });
});

describe("a document is signed anew for a device that waits", () => {
  const active = { active: null, previous: null, trial: null, refused: [] };
  const waiting = [{ slot: wanted().slot, ...active }];
  const lastMs = firstMs + 7 * dayMs;
  const ask = (nowMs: number, slot = ordered([nightly]), reported: typeof waiting = waiting) =>
    areWindowsRunningOut({ slots: [slot], reported }, { calendar, signedAtMs, nowMs });

  test.each([
    ["as soon as it is signed", signedAtMs, false],
    ["a moment before the last window begins", lastMs - 1, false],
    ["as the last window begins", lastMs, true],
    ["long after it", lastMs + 30 * dayMs, true],
  ])("%s", (_, nowMs, isAnew) => {
    expect(ask(nowMs)).toBe(isAnew);
  });

  test("not for one that serves the release already, nor for an order without windows", () => {
    const serves = [{ ...waiting[0], active: named } as never];
    const other = [{ ...waiting[0], active: reference("1") } as never];

    expect(ask(lastMs, ordered([nightly]), serves)).toBe(false);
    expect(ask(lastMs, ordered([nightly]), other)).toBe(true);
    expect(ask(lastMs, ordered())).toBe(false);
  });

  test("not for windows that touch, which are one for a long time", () => {
    const always = ordered([
      MaintenanceWindow.parse({ cron: "0 0 * * *", durationMs: dayMs, zone: "UTC" }),
    ]);

    expect(ask(signedAtMs + 1, always)).toBe(false);
    expect(ask(signedAtMs + 30 * dayMs, always)).toBe(false);
  });
});
