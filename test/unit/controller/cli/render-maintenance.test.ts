import { type Maintenance, MaintenanceId, ModelName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { maintenanceLine, maintenanceNow } from "../../../../controller/cli/render/maintenance.ts";

const atMs = (hour: number) => Date.UTC(2026, 10, 21, hour);
const announced: Maintenance = {
  ...{ id: MaintenanceId.parse("4f1d2c3b5a697887"), model: ModelName.parse("digits") },
  ...{ cohort: "hall=south", fromMs: atMs(8), untilMs: atMs(10), reason: "new lamps" },
  ...{ createdAtMs: atMs(6), createdBy: "local", endedAtMs: null, endedBy: null },
};

test.each([
  ["ahead", 7, {}, ", from 2026-11-21T08:00Z to 2026-11-21T10:00Z: no alert is told meanwhile"],
  ["now", 8, {}, ", until 2026-11-21T10:00Z: no alert is told meanwhile"],
  ["over", 10, {}, ", over since 2026-11-21T10:00Z"],
  ["ended before its time", 10, { endedAtMs: atMs(9) }, ", over since 2026-11-21T09:00Z"],
  ["called off", 9, { endedAtMs: atMs(7) }, ", called off before it began"],
])("a maintenance that is %s says so", (_, hour, changes, words) => {
  const one = { ...announced, ...changes };

  expect(maintenanceLine(one, atMs(hour))).toBe(`digits hall=south: new lamps${words}`);
  const now = maintenanceNow({ maintenance: [one] }, atMs(hour));
  expect(now).toHaveLength(words.startsWith(", until") ? 1 : 0);
});

test("a reason of several lines stays in its own line, so that it looks like nobody else's", () => {
  const reason = "lamps\nunder maintenance: digits fleet: everything";

  const line = maintenanceLine({ ...announced, reason }, atMs(8));

  expect(line).not.toContain("\n");
  expect(line).toContain("lamps under maintenance: digits fleet: everything");
});
