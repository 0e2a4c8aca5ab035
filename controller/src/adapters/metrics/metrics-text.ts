import { Counter, Gauge, Registry } from "prom-client";
import type { Metric } from "../../domain/metrics/metric.ts";

/** Prometheus' text format 0.0.4, made anew with every question: nothing is counted twice, and nothing is kept. */
export async function metricsText(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, kind, labelNames, samples } of metrics) {
    const options = { name, help, labelNames: [...labelNames], registers: [registry] };
    const metric = kind === "counter" ? new Counter(options) : new Gauge(options);
    for (const { labels, value } of samples) metric.inc({ ...labels }, value);
  }
  return registry.metrics();
}
