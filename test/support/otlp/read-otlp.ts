/**
 * A reader of OTLP's metrics in JSON, written from the specification and not from our writer: protobuf's JSON mapping with
 * the exceptions of OTLP. It takes nothing it does not know, and 64-bit whole numbers only as texts.
 */

export interface OtlpPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface OtlpNumber extends OtlpPoint {
  readonly value: bigint | number;
}

export interface OtlpHistogram extends OtlpPoint {
  readonly count: bigint;
  readonly sum: number;
  readonly scale: number;
  readonly zeroCount: bigint;
  readonly offset: number;
  readonly bucketCounts: readonly bigint[];
}

export interface OtlpMetric<Point extends OtlpPoint = OtlpPoint> {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly Point[];
}

export interface OtlpMetrics {
  readonly resource: Readonly<Record<string, string>>;
  readonly sums: readonly OtlpMetric<OtlpNumber>[];
  readonly gauges: readonly OtlpMetric<OtlpNumber>[];
  readonly histograms: readonly OtlpMetric<OtlpHistogram>[];
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws Error naming what cannot be */
export function readOtlp(text: string): OtlpMetrics {
  const [resourceMetrics] = only(
    fieldsOf(JSON.parse(text), ["resourceMetrics"])["resourceMetrics"],
  );
  const { resource, scopeMetrics } = fieldsOf(resourceMetrics, ["resource", "scopeMetrics"]);
  const [scoped] = only(scopeMetrics);
  const metrics = listOf(fieldsOf(scoped, ["scope", "metrics"])["metrics"]).map((metric) =>
    fieldsOf(metric, ["name", "unit", "sum", "gauge", "exponentialHistogram"]),
  );
  return {
    resource: attributesOf(fieldsOf(resource, ["attributes"])["attributes"]),
    sums: metrics.filter(({ sum }) => sum !== undefined).map(sumOf),
    gauges: metrics.filter(({ gauge }) => gauge !== undefined).map(gaugeOf),
    histograms: metrics
      .filter((metric) => metric["exponentialHistogram"] !== undefined)
      .map(histogramOf),
  };
}

function sumOf(metric: Fields): OtlpMetric<OtlpNumber> {
  const sum = fieldsOf(metric["sum"], ["aggregationTemporality", "isMonotonic", "dataPoints"]);
  check(sum["aggregationTemporality"] === 1, "expected AGGREGATION_TEMPORALITY_DELTA, 1");
  check(sum["isMonotonic"] === true, "expected a sum that only grows");
  return { ...named(metric), points: listOf(sum["dataPoints"]).map(numberOf) };
}

function gaugeOf(metric: Fields): OtlpMetric<OtlpNumber> {
  const { dataPoints } = fieldsOf(metric["gauge"], ["dataPoints"]);
  return { ...named(metric), points: listOf(dataPoints).map(numberOf) };
}

function histogramOf(metric: Fields): OtlpMetric<OtlpHistogram> {
  const known = ["aggregationTemporality", "dataPoints"];
  const histogram = fieldsOf(metric["exponentialHistogram"], known);
  check(histogram["aggregationTemporality"] === 1, "expected AGGREGATION_TEMPORALITY_DELTA, 1");
  return { ...named(metric), points: listOf(histogram["dataPoints"]).map(bucketsOf) };
}

const place = ["attributes", "startTimeUnixNano", "timeUnixNano"];

function numberOf(point: unknown): OtlpNumber {
  const fields = fieldsOf(point, [...place, "asInt", "asDouble"]);
  const { asInt, asDouble } = fields;
  check((asInt === undefined) !== (asDouble === undefined), "expected one value");
  const value = asInt === undefined ? doubleOf(asDouble) : int64(asInt);
  return { ...pointOf(fields), value };
}

function bucketsOf(point: unknown): OtlpHistogram {
  const fields = fieldsOf(point, [...place, "count", "sum", "scale", "zeroCount", "positive"]);
  const { offset, bucketCounts } = fieldsOf(fields["positive"], ["offset", "bucketCounts"]);
  const counts = listOf(bucketCounts).map(int64);
  const [count, zeroCount] = [int64(fields["count"]), int64(fields["zeroCount"])];
  check(
    counts.reduce((all, one) => all + one, zeroCount) === count,
    "count is not that of its buckets",
  );
  const [scale, first] = [int32(fields["scale"]), int32(offset)];
  return {
    ...pointOf(fields),
    ...{ count, zeroCount, scale, offset: first, bucketCounts: counts },
    sum: doubleOf(fields["sum"]),
  };
}

function pointOf(fields: Fields): OtlpPoint {
  const [startNs, endNs] = [int64(fields["startTimeUnixNano"]), int64(fields["timeUnixNano"])];
  check(startNs < endNs, "expected a time that has a length");
  return { attributes: attributesOf(fields["attributes"]), startNs, endNs };
}

function named({ name, unit }: Fields): { readonly name: string; readonly unit: string } {
  check(typeof name === "string" && typeof unit === "string", "expected a name and a unit");
  return { name: String(name), unit: String(unit) };
}

function attributesOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = listOf(value).map((one) => {
    const { key, value: held } = fieldsOf(one, ["key", "value"]);
    const { stringValue } = fieldsOf(held, ["stringValue"]);
    check(typeof key === "string" && typeof stringValue === "string", "expected texts");
    return [String(key), String(stringValue)] as const;
  });
  check(new Set(pairs.map(([key]) => key)).size === pairs.length, "an attribute is there twice");
  return Object.fromEntries(pairs);
}

function fieldsOf(value: unknown, known: readonly string[]): Fields {
  check(typeof value === "object" && value !== null && !Array.isArray(value), "expected an object");
  const fields = value as Fields;
  for (const name of Object.keys(fields)) check(known.includes(name), `unknown field ${name}`);
  return fields;
}

function listOf(value: unknown): readonly unknown[] {
  check(Array.isArray(value), "expected a list");
  return value as readonly unknown[];
}

function only(value: unknown): readonly [unknown] {
  const list = listOf(value);
  check(list.length === 1, `expected one, got ${list.length}`);
  return [list[0]];
}

function int64(value: unknown): bigint {
  check(
    typeof value === "string" && /^(0|[1-9]\d*)$/.test(value),
    `no 64-bit number: ${String(value)}`,
  );
  return BigInt(value as string);
}

function int32(value: unknown): number {
  check(Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31, "no 32-bit number");
  return Number(value);
}

function doubleOf(value: unknown): number {
  check(typeof value === "number" && Number.isFinite(value), "no finite number");
  return Number(value);
}

function check(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
