import type { Metric, MetricsText } from "../../domain/metrics/metric.ts";

/** Figures in the text format of Prometheus. The library is loaded when somebody first asks: most devices are not scraped. */
export async function metricsText(metrics: readonly Metric[]): Promise<MetricsText> {
  // The default is the whole of a CommonJS package, in Node and in a bundle; its names are found in Node alone.
  const { default: prometheus } = await import("prom-client");
  const { Counter, Gauge, Registry } = prometheus;
  const registry = new Registry();
  for (const { name, help, kind, labelNames, samples } of metrics) {
    const options = { name, help, labelNames: [...labelNames], registers: [registry] };
    const metric = kind === "counter" ? new Counter(options) : new Gauge(options);
    // Two processes may hold the same release for a moment: their figures add up.
    for (const { labels, value } of samples) metric.inc({ ...labels }, value);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}
