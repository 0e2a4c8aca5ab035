import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EventType } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { fleetMetrics } from "../../../../../controller/src/domain/metrics/fleet-metrics.ts";

const page = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../../../../docs", name), "utf8");

test("docs/events.md names every type of event", () => {
  const text = page("events.md");
  const known = EventType.options.filter(
    (type) => text.includes(`\`${type}\``) || text.includes(`\`.${type.split(".").at(-1) ?? ""}\``),
  );

  expect(known).toEqual(EventType.options);
});

test("docs/metrics.md lists every figure of the controller, and no other", () => {
  const none = { stored: 0, duplicate: 0, quarantined: 0, online: 0, offline: 0 };
  const metrics = fleetMetrics({
    ...{
      refusals: [],
      alerts: {},
      deliveries: {},
      rollouts: {},
      eventLoopLag: {},
      messagesDropped: {},
    },
    telemetry: { batches: none, windows: none },
    cells: { judged: 0, lagMs: 0 },
    devices: none,
    connections: 0,
  });
  const listed = [...page("metrics.md").matchAll(/^\| `(modelfleet_\w+)`/gm)].map(
    ([, name]) => name,
  );

  expect(listed.toSorted()).toEqual(metrics.map(({ name }) => name).toSorted());
});
