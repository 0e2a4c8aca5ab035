import { type FeatureSummary, type TelemetrySummary, totalVariation } from "@modelfleet/protocol";
import { plural } from "./plural.ts";
import { table } from "./table.ts";

const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** One character a bin, its height the share of the largest bin. */
export function bars(shares: readonly number[]): string {
  const highest = Math.max(...shares, Number.MIN_VALUE);
  return shares.map((share) => BLOCKS[Math.ceil((share / highest) * 8)] ?? " ").join("");
}

/** What a person reads of one release: traffic, latency, and each distribution beside its reference. */
export function renderSummary(summary: TelemetrySummary): string {
  const errors = Object.entries(summary.errors).map(([code, count]) => `${code} ${count}`);
  const latency = summary.latencyUs;
  const facts = [
    `${summary.model}@${summary.version}  ${plural(summary.requests, "answer")} from ${plural(summary.devices.length, "device")} in ${plural(summary.windows, "window")}`,
    `errors   ${errors.length === 0 ? "none" : errors.join(", ")}`,
    `latency  ${latency === null ? "no answers yet" : `p50 ${milliseconds(latency.p50)}  p95 ${milliseconds(latency.p95)}  p99 ${milliseconds(latency.p99)}`}`,
  ];
  return [
    ...[...facts, "", distributions(summary), ...quantiles(summary)],
    ...(isLearning(summary) ? [learningLine(summary)] : caution(summary)),
    ...(summary.isWhole ? [] : [older(summary)]),
  ].join("\n");
}

function older({ windows, fromMs }: TelemetrySummary): string {
  const since = fromMs === null ? "" : `, since ${new Date(fromMs).toISOString()}`;
  return `only the newest ${plural(windows, "window")}${since}; there are older ones: ask for less at once (--since, --device)`;
}

/** Below this the χ² law puts chance alone near the usual alarm of 0.1 (telemetry.md 1.1). */
const SAMPLES_FOR_SHAPE = 300;

function caution({ items, features, outputs }: TelemetrySummary): readonly string[] {
  if (items >= SAMPLES_FOR_SHAPE || features.length + outputs.length === 0) return [];
  return [
    `${items === 1 ? "1 item is" : `${items} items are`} few: below ${SAMPLES_FOR_SHAPE}, chance alone moves much of a distribution`,
  ];
}

/** A learning profile says what is measured and has counted nothing; any other rests on a sample at least. */
function isLearning({ features, outputs }: TelemetrySummary): boolean {
  const references = [...features, ...outputs].map(({ reference }) => reference);
  return references.length > 0 && !references.some(hasCounted);
}

function learningLine({ model, version }: TelemetrySummary): string {
  return `learning: there is no reference yet; modelfleet profile learn ${model} ${version} makes one`;
}

function hasCounted(shares: readonly number[]): boolean {
  return shares.some((share) => share > 0);
}

function distributions(summary: TelemetrySummary): string {
  const features = summary.features.map((feature) => [
    feature.name,
    referenceBars(feature.reference),
    bars(feature.current),
    moved(feature.reference, feature.current),
    means(feature),
  ]);
  const outputs = summary.outputs.flatMap((output) => [
    [
      output.name,
      referenceBars(output.reference),
      bars(output.current),
      moved(output.reference, output.current),
      "classes",
    ],
    [
      `${output.name}.confidence`,
      referenceBars(output.confidence.reference),
      bars(output.confidence.current),
      moved(output.confidence.reference, output.confidence.current),
      "0 … 1",
    ],
  ]);
  if (features.length + outputs.length === 0) return "no reference profile in this release";
  return table(["distribution", "reference", "now", "moved", "mean"], [...features, ...outputs]);
}

/** Of the features whose profile asks for them. */
function quantiles(summary: TelemetrySummary): readonly string[] {
  const rows = summary.features.flatMap(({ name, quantiles: told }) => {
    if (told === undefined) return [];
    const { items, p1, p5, p25, p50, p75, p95, p99 } = told;
    const values = [p1, p5, p25, p50, p75, p95, p99].map((value) => `${+value.toPrecision(4)}`);
    return [[name, ...values, `${items}`]];
  });
  if (rows.length === 0) return [];
  const shares = ["1 %", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %"];
  return ["", table(["quantiles", ...shares, "items"], rows)];
}

function referenceBars(reference: readonly number[]): string {
  return hasCounted(reference) ? bars(reference) : "none";
}

function moved(reference: readonly number[], current: readonly number[]): string {
  return hasCounted(reference) && hasCounted(current)
    ? `${Math.round(totalVariation(reference, current) * 100)} %`
    : "–";
}

function means({ reference, referenceMean, mean }: FeatureSummary): string {
  const now = mean === null ? "–" : mean.toFixed(3);
  return hasCounted(reference) ? `${referenceMean.toFixed(3)} → ${now}` : now;
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(microseconds < 10_000 ? 2 : 0)} ms`;
}
