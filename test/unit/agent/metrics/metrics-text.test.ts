import { SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { metricsText } from "../../../../agent/src/adapters/metrics/metrics-text.ts";
import { type MetricFacts, metricsOf } from "../../../../agent/src/domain/metrics/metric.ts";
import { parsePrometheusText } from "../../../support/prometheus-text.ts";

const slot = SlotName.parse("main");
const release = { slot, model: "digits", version: "1.0.0" };
const nothing: MetricFacts = {
  requests: [],
  swaps: [],
  loads: [],
  processes: [],
  standbys: [],
  agreements: [],
};

describe("the text that monitoring reads", () => {
  test("has every figure under its name, with the labels of its kind and no others", async () => {
    const { text, contentType } = await metricsText(metricsOf(full));

    const metrics = parsePrometheusText(text);
    const read = metrics.map(({ name, kind, samples }) => [
      name.replace("modelfleet_", ""),
      kind,
      samples.map(({ labels, value }) => [Object.values(labels).join(" "), value]),
    ]);
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(read).toEqual([
      ["request_success_total", "counter", [["main digits 1.0.0", 3]]],
      ["request_failure_total", "counter", [["main digits 1.0.0 OVERLOADED", 2]]],
      ["request_duration_us_total", "counter", [["main digits 1.0.0", 1500]]],
      ["inference_count", "counter", [["main", 3]]],
      ["execution_count", "counter", [["main", 2]]],
      ["queue_duration_us_total", "counter", [["main", 250]]],
      ["compute_duration_us_total", "counter", [["main", 1000]]],
      ["queue_waiting", "gauge", [["main", 4]]],
      ["swap_total", "counter", [["main activated", 1]]],
      ["swap_prepare_ms", "gauge", [["main", 87]]],
      ["swap_max_wait_ms", "gauge", [["main", 12.5]]],
      ["runner_restarts_total", "counter", [["main", 1]]],
      ["runner_pss_bytes", "gauge", [["main digits 1.0.0", 50_000_000]]],
      ["standby", "gauge", [["main", 1]]],
      ["shadow_agreement", "gauge", [["main digits 1.0.0", 0.98]]],
    ]);
    expect(metrics.every(({ help }) => help.length > 10)).toBe(true);
  });

  test("leaves out what is not known yet, and reads all the same", async () => {
    const { text } = await metricsText(metricsOf(nothing));

    const metrics = parsePrometheusText(text);

    expect(metrics.flatMap(({ samples }) => samples)).toEqual([]);
    expect(metrics).toHaveLength(15);
  });

  test("adds up two processes of one release, as there are for a moment at a restart", async () => {
    const processes = [
      { ...release, memoryBytes: 10 },
      { ...release, memoryBytes: 20 },
      { ...release, memoryBytes: undefined },
    ];

    const metrics = parsePrometheusText(
      (await metricsText(metricsOf({ ...nothing, processes }))).text,
    );

    const held = metrics.find(({ name }) => name === "modelfleet_runner_pss_bytes");
    expect(held?.samples.map(({ value }) => value)).toEqual([30]);
  });

  test("S29: escapes whatever a label holds, though no label holds what an application says", async () => {
    const model = 'a"b\\c\nd{} # HELP';
    const processes = [{ slot, model, version: "1", memoryBytes: 1 }];

    const { text } = await metricsText(metricsOf({ ...nothing, processes }));

    const held = parsePrometheusText(text).flatMap(({ samples }) => samples);
    expect(held).toEqual([{ labels: { slot: "main", model, version: "1" }, value: 1 }]);
  });
});

const full: MetricFacts = {
  requests: [{ ...release, succeeded: 3, failed: new Map([["OVERLOADED", 2]]), answeredMs: 1.5 }],
  loads: [{ slot, waiting: 4, rows: 3, executions: 2, queueMs: 0.25, runMs: 1 }],
  swaps: [
    { slot, results: new Map([["activated", 1]]), prepareMs: 87, waitMsMax: 12.5, restarts: 1 },
  ],
  processes: [{ ...release, memoryBytes: 50_000_000 }],
  standbys: [{ slot, isHeld: true }],
  agreements: [{ ...release, share: 0.98 }],
};
