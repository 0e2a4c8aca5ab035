import { expect, test } from "vitest";
import { measureEventLoopLag } from "../../controller/src/adapters/metrics/event-loop-lag.ts";
import { eventually } from "../support/eventually.ts";
import { keyFor, member, startFleetServer } from "../support/http/fleet-server.ts";
import { startInProcess } from "../support/http/test-controller.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";

type Server = Awaited<ReturnType<typeof startFleetServer>>;

async function scraped(server: Server) {
  const answer = await server.ask("/metrics", server.admin);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await answer.text();
  return { text, metrics: parsePrometheusText(text) };
}

test("monitoring reads every figure of docs/metrics.md in Prometheus' format, and never a device's name", async () => {
  await using server = await startFleetServer();
  await member(server, "cam-of-nobody-else");

  const { text, metrics } = await scraped(server);

  expect(text).not.toContain("cam-of-nobody-else");
  const valuesOf = (name: string) =>
    Object.fromEntries(
      (metrics.find((metric) => metric.name === `modelfleet_${name}`)?.samples ?? []).map(
        ({ labels, value }) => [Object.values(labels).join(" "), value],
      ),
    );
  expect(metrics.map(({ name }) => name.replace("modelfleet_", ""))).toEqual([
    "telemetry_batches_total",
    "telemetry_windows_total",
    "messages_refused_total",
    "broker_messages_dropped_total",
    "drift_cells_judged_total",
    "drift_lag_seconds",
    "alerts",
    "devices",
    "rollouts",
    "webhook_deliveries",
    "broker_connections",
    "event_loop_lag_seconds",
  ]);
  expect(valuesOf("telemetry_batches_total")).toEqual({ stored: 0, duplicate: 0 });
  expect(valuesOf("devices")).toEqual({ online: 0, offline: 1 });
  expect(valuesOf("webhook_deliveries")).toEqual({ pending: 0, delivered: 0, failed: 0 });
  expect(valuesOf("broker_connections")).toEqual({ "": 3 });
  expect(valuesOf("event_loop_lag_seconds")).toEqual({ "0.99": 0.25 });
  expect((await scraped(server)).text).toBe(text);
});

test("figures of the whole fleet are for who may see the whole fleet", async () => {
  await using server = await startFleetServer();
  const viewer = await keyFor(server, { role: "viewer" });
  const ofOneSite = await keyFor(server, { role: "admin", labels: { site: "a" } });
  const ofOneModel = await keyFor(server, { role: "deployer", models: ["vision.*"] });

  expect((await server.ask("/metrics", viewer)).status).toBe(200);
  expect((await server.ask("/metrics", ofOneSite)).status).toBe(403);
  expect((await server.ask("/metrics", ofOneModel)).status).toBe(403);
  expect((await server.ask("/metrics", {})).status).toBe(401);
});

test("a running controller tells of its own broker and event loop", async () => {
  await using controller = await startInProcess();

  const scrape = async () => (await controller.fetch("/metrics")).text();

  expect(await scrape()).toContain("modelfleet_broker_connections 0\n");
  // Between two scrapes that follow each other closely nothing may have been measured.
  const lag = /^modelfleet_event_loop_lag_seconds\{quantile="0\.99"\} \d/m;
  await eventually(async () => lag.test(await scrape()), { withinMs: 30_000 });
});

test("an event loop that stood still is told once, and then no more", async () => {
  using lag = measureEventLoopLag();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const untilMs = performance.now() + 300;
  while (performance.now() < untilMs);
  await new Promise((resolve) => setTimeout(resolve, 20));

  expect(lag.read()["1"]).toBeGreaterThan(0.2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(lag.read()["1"] ?? 0).toBeLessThan(0.2);
});
