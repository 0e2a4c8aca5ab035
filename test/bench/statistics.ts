import { quantile } from "../../agent/src/domain/golden/quantile.ts";

export type Latencies = { readonly p50: number; readonly p99: number; readonly worst: number };

/** Nearest-rank quantiles, in the unit of the samples. */
export function latencies(samples: readonly number[]): Latencies {
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), worst: quantile(samples, 1) };
}

/** Rounded to what a bench can claim. */
export function digits(value: number, count = 3): number {
  return Number(value.toPrecision(count));
}

/** A table for people. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    console.log(cells.join("  "));
  }
}
