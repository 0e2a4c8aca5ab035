import { driftLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { alertNotices } from "../../../../controller/src/app/drift/alert-notices.ts";
import type { ChangedAlert, DriftMemory } from "../../../../controller/src/ports/drift-store.ts";
import { firedAlert } from "../../../support/drift/fired-alert.ts";

const releasePrefix = "abababababababab";
const nothing: DriftMemory = { alerts: [], notifiedAtMs: [], heldBack: 0 };
const hourMs = 3_600_000;

/** The same alert in so many cohorts, told in this way. */
function changes(count: number, notice: ChangedAlert["change"]["notice"]): readonly ChangedAlert[] {
  const [only] = firedAlert(releasePrefix as never).alerts;
  if (only === undefined) throw new Error("expected an alert");
  return Array.from({ length: count }, (_, i) => ({
    alert: { ...only.alert, id: `alert-${i}`, cohort: `hall=${i}` },
    change: { ...only.change, notice },
  }));
}

const at = (atMs: number, memory = nothing) => ({ atMs, cellStartMs: atMs, releasePrefix, memory });

test("T27: what fires in 200 cohorts at once is one notification, which counts them all and names some", () => {
  const { events, audit } = alertNotices(changes(200, "fired"), at(5));

  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ type: "modelfleet.alert.firing", data: { count: 200 } });
  expect(events[0]?.data["alerts"]).toHaveLength(driftLimits.alertsPerNotificationMax);
  expect(JSON.stringify(events[0]?.data).length).toBeLessThan(8_192);
  expect(audit).toHaveLength(200);
});

test("what is suppressed is told nobody and written down nowhere but in its own record", () => {
  expect(alertNotices(changes(3, null), at(5))).toEqual({ events: [], audit: [], memory: nothing });
});

test("what fires and what ends in one cell are two notifications", () => {
  const both = [...changes(2, "fired"), ...changes(1, "resolved")];

  expect(alertNotices(both, at(5)).events.map(({ type }) => type)).toEqual([
    "modelfleet.alert.firing",
    "modelfleet.alert.recovered",
  ]);
});

test("the same cell again gives events of the same names, so that none is told twice", () => {
  const [first, again] = [5, 9].map(
    (atMs) => alertNotices(changes(1, "fired"), { ...at(atMs), cellStartMs: 5 }).events,
  );

  expect(again?.map(({ id }) => id)).toEqual(first?.map(({ id }) => id));
});

test("more than so many an hour are held back, stay in the audit log, and are counted in the next", () => {
  let memory = nothing;
  for (let told = 0; told < driftLimits.notificationsPerHourMax; told++) {
    ({ memory } = alertNotices(changes(1, "fired"), at(told, memory)));
  }

  const held = alertNotices(changes(7, "fired"), at(hourMs - 1, memory));
  expect(held.events).toEqual([]);
  expect(held.audit).toHaveLength(7);

  const next = alertNotices(changes(1, "fired"), at(hourMs, held.memory));
  expect(next.events).toMatchObject([{ data: { heldBack: 7 } }]);
  expect(next.memory.heldBack).toBe(0);
});

test("a clock that is set back silences nothing", () => {
  const tomorrowMs = 24 * hourMs;
  const notifiedAtMs = Array.from(
    { length: driftLimits.notificationsPerHourMax },
    () => tomorrowMs,
  );

  const told = alertNotices(changes(1, "fired"), at(hourMs, { ...nothing, notifiedAtMs }));

  expect(told.events).toHaveLength(1);
  expect(told.memory).toMatchObject({ notifiedAtMs: [hourMs], heldBack: 0 });
});
