import type { RefusalCount } from "@modelfleet/protocol";
import type { Metric, Sample } from "./metric.ts";

/** How many of something are in each state. */
export type Tally = Readonly<Record<string, number>>;

/** Batches of telemetry and their windows, since this controller started. */
export interface TelemetryCounts {
  readonly batches: { readonly stored: number; readonly duplicate: number };
  readonly windows: { readonly stored: number; readonly quarantined: number };
}

export interface FleetFacts {
  readonly refusals: readonly Pick<RefusalCount, "stream" | "code" | "count">[];
  readonly telemetry: TelemetryCounts;
  /** Judged since this controller started, and for how long the oldest has been due that was not; ms. */
  readonly cells: { readonly judged: number; readonly lagMs: number };
  readonly alerts: Tally;
  readonly devices: { readonly online: number; readonly offline: number };
  readonly deliveries: Tally;
  readonly rollouts: Tally;
  /** Undefined where there is no broker of its own. */
  readonly connections: number | undefined;
  /** By a controller on a broker elsewhere, by reason. */
  readonly messagesDropped: Tally;
  /** Since it was last asked, by quantile; seconds. */
  readonly eventLoopLag: Tally;
}

/** Every figure of the controller's `GET /metrics` (docs/metrics.md). */
export function fleetMetrics(facts: FleetFacts): readonly Metric[] {
  return [...ingestMetrics(facts), ...judgementMetrics(facts), ...stateMetrics(facts)];
}

function ingestMetrics({ messagesDropped, refusals, telemetry }: FleetFacts): readonly Metric[] {
  return [
    {
      ...counter("telemetry_batches_total", "Batches of telemetry that were taken in."),
      ...byLabel("outcome", telemetry.batches),
    },
    {
      ...counter("telemetry_windows_total", "Windows of telemetry that were kept."),
      ...byLabel("outcome", telemetry.windows),
    },
    {
      ...counter("messages_refused_total", "Messages of devices, and parts of them, not taken in."),
      labelNames: ["stream", "code"],
      samples: refusals.map(({ stream, code, count }) => ({
        labels: { stream, code },
        value: count,
      })),
    },
    {
      ...counter(
        "broker_messages_dropped_total",
        "Messages of the broker that were not looked at.",
      ),
      ...byLabel("reason", messagesDropped),
    },
  ];
}

function judgementMetrics({ cells, alerts }: FleetFacts): readonly Metric[] {
  return [
    {
      ...counter("drift_cells_judged_total", "Cells of a release and a time that were judged."),
      ...one(cells.judged),
    },
    {
      ...gauge("drift_lag_seconds", "How long the oldest cell that is due has waited."),
      ...one(cells.lagMs / MS_PER_SECOND),
    },
    { ...gauge("alerts", "Alerts by state."), ...byLabel("state", alerts) },
  ];
}

function stateMetrics(facts: FleetFacts): readonly Metric[] {
  const { connections, deliveries, devices, eventLoopLag, rollouts } = facts;
  return [
    { ...gauge("devices", "Devices of the fleet, by presence."), ...byLabel("presence", devices) },
    { ...gauge("rollouts", "Rollouts by state."), ...byLabel("state", rollouts) },
    {
      ...gauge("webhook_deliveries", "Events on their way to webhooks, by state."),
      ...byLabel("state", deliveries),
    },
    {
      ...gauge("broker_connections", "Devices connected to the broker of this controller."),
      ...(connections === undefined ? { labelNames: [], samples: [] } : one(connections)),
    },
    {
      ...gauge("event_loop_lag_seconds", "How late the event loop was since the last scrape."),
      ...byLabel("quantile", eventLoopLag),
    },
  ];
}

const MS_PER_SECOND = 1_000;

function counter(name: string, help: string): Pick<Metric, "name" | "help" | "kind"> {
  return { name: `modelfleet_${name}`, help, kind: "counter" };
}

function gauge(name: string, help: string): Pick<Metric, "name" | "help" | "kind"> {
  return { name: `modelfleet_${name}`, help, kind: "gauge" };
}

function one(value: number): { labelNames: readonly string[]; samples: readonly Sample[] } {
  return { labelNames: [], samples: [{ labels: {}, value }] };
}

function byLabel(name: string, tally: Tally): Pick<Metric, "labelNames" | "samples"> {
  const samples = Object.entries(tally).map(([key, value]) => ({ labels: { [name]: key }, value }));
  return { labelNames: [name], samples };
}
