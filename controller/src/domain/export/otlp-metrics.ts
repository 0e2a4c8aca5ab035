import type { FleetId } from "@modelfleet/protocol";
import type { ExportedCell } from "./exported-cell.ts";

/**
 * Cells as an `ExportMetricsServiceRequest` of OTLP 1 in the JSON mapping of protobuf: 64-bit whole numbers are texts,
 * names are in lowerCamelCase, and enumerations are numbers.
 *
 * Every point covers one cell and no other, so sums and histograms are deltas (`aggregationTemporality` 1).
 *
 * @see opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"
 */
export function otlpMetrics(fleet: FleetId, cells: readonly ExportedCell[]): object {
  const metrics = [
    sum("modelfleet.requests", "{request}", cells.flatMap(requestPoints)),
    sum("modelfleet.request.errors", "{request}", cells.flatMap(errorPoints)),
    {
      name: "modelfleet.request.duration",
      unit: "us",
      exponentialHistogram: { aggregationTemporality: DELTA, dataPoints: cells.map(latencyPoint) },
    },
    gauge("modelfleet.drift.psi", "1", cells.flatMap(psiPoints)),
    gauge("modelfleet.cohort.devices", "{device}", cells.map(devicesPoint)),
  ];
  return {
    resourceMetrics: [
      {
        resource: {
          attributes: attributesOf({ "service.name": "modelfleet", "modelfleet.fleet": fleet }),
        },
        scopeMetrics: [{ scope: { name: "modelfleet.telemetry" }, metrics }],
      },
    ],
  };
}

const DELTA = 1;

function sum(name: string, unit: string, dataPoints: readonly object[]): object {
  return { name, unit, sum: { aggregationTemporality: DELTA, isMonotonic: true, dataPoints } };
}

function gauge(name: string, unit: string, dataPoints: readonly object[]): object {
  return { name, unit, gauge: { dataPoints } };
}

function requestPoints(cell: ExportedCell): readonly object[] {
  return [{ ...place(cell), asInt: whole(cell.requests) }];
}

function errorPoints(cell: ExportedCell): readonly object[] {
  return cell.errors.map(({ code, count }) => ({
    ...place(cell, { "error.type": code }),
    asInt: whole(count),
  }));
}

/** Their buckets are ours: (base^(offset+k), base^(offset+k+1)] with base = 2^(2^−scale). */
function latencyPoint(cell: ExportedCell): object {
  const { scale, zeroCount, offset, counts } = cell.latency;
  const count = counts.reduce((all, one) => all + one, zeroCount);
  return {
    ...place(cell),
    count: whole(count),
    sum: cell.latencySumUs,
    scale,
    zeroCount: whole(zeroCount),
    positive: { offset, bucketCounts: counts.map(whole) },
  };
}

function psiPoints(cell: ExportedCell): readonly object[] {
  return cell.psi.map(({ signal, psi }) => ({
    ...place(cell, { "modelfleet.signal": signal }),
    asDouble: psi,
  }));
}

function devicesPoint(cell: ExportedCell): object {
  return { ...place(cell), asInt: whole(cell.devices) };
}

function place(cell: ExportedCell, more: Readonly<Record<string, string>> = {}): object {
  const { model, version, release, cohort, fromMs, untilMs } = cell;
  const named = {
    "modelfleet.model": model,
    "modelfleet.model.version": version,
    "modelfleet.release": release,
    "modelfleet.cohort": cohort,
  };
  return {
    attributes: attributesOf({ ...named, ...more }),
    startTimeUnixNano: nanoseconds(fromMs),
    timeUnixNano: nanoseconds(untilMs),
  };
}

function attributesOf(values: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** A double cannot hold nanoseconds since 1970. */
function nanoseconds(ms: number): string {
  return (BigInt(Math.round(ms)) * 1_000_000n).toString();
}

function whole(count: number): string {
  return BigInt(count).toString();
}
