import type { OutputProfile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readVectors } from "../../../support/statistics/vectors.ts";
import { cellMs, cellOf, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";

const Counts = z.array(z.number());
const Window = z.object({
  accuracy: z.number(),
  classes: Counts,
  deciles: Counts,
  fiftieths: Counts,
});
type Window = z.infer<typeof Window>;
const Order = z.object({
  seed: z.number(),
  edges: Counts,
  reference: Window,
  sd1: z.array(Window),
  sd4: z.array(Window),
});
type Order = z.infer<typeof Order>;
const { orders } = z.object({ orders: z.array(Order) }).parse(readVectors("digits-noise.json"));

const startMs = Date.UTC(2026, 0, 5);
const fiftieths = Array.from({ length: 49 }, (_, i) => (i + 1) / 50);
type Bins = "deciles" | "fiftieths";

function watchOf({ reference, edges }: Order, bins: Bins): DriftWatch {
  const output: OutputProfile = {
    ...{ name: "digit", source: { tensor: "y" }, kind: "classification" },
    classes: Array.from({ length: 10 }, (_, i) => `${i}`),
    counts: reference.classes,
    confidence: { edges: bins === "deciles" ? edges : fiftieths, counts: reference[bins] },
  };
  return new DriftWatch(profileOf([], { outputs: [output] }));
}

/** Six windows of the same 797 digits, each with noise of its own. */
function watchWindows(order: Order, windows: readonly Window[], bins: Bins) {
  const watch = watchOf(order, bins);
  const judged = windows.map((window, i) => {
    const outputs = [{ classCounts: window.classes, confidenceCounts: window[bins] }];
    const cell = cellOf(startMs + i * cellMs, [], { outputs, items: 797 });
    return watch.judge(new Map([["fleet", cell]]));
  });
  const told = judged
    .flatMap(({ transitions }) => transitions)
    .filter(({ notice }) => notice === "fired");
  const psiOf = (signal: string) =>
    judged.flatMap(({ verdicts }) =>
      verdicts.filter((verdict) => verdict.signal === signal).map(({ psi }) => psi),
    );
  return {
    told: told.map(({ subject, severity }) => `${subject.signal} ${severity}`),
    confidence: psiOf("output:digit:confidence"),
    classes: psiOf("output:digit:classes"),
  };
}

describe.each(orders)("handwritten digits, order $seed", (order) => {
  test("T24: noise of sd 4 on the pixels costs accuracy, fires by confidence, and hardly moves the classes", () => {
    const { told, confidence, classes } = watchWindows(order, order.sd4, "deciles");

    expect(order.reference.accuracy).toBeGreaterThan(0.95);
    expect(Math.max(...order.sd4.map(({ accuracy }) => accuracy))).toBeLessThan(0.9);
    expect(Math.min(...confidence)).toBeGreaterThanOrEqual(0.25);
    expect(Math.max(...classes)).toBeLessThan(0.02);
    expect(told).toEqual(["output:digit:confidence critical"]);
  });

  test("T24: noise of sd 1 costs a point, and stays silent", () => {
    const { told, confidence } = watchWindows(order, order.sd1, "deciles");

    expect(Math.max(...confidence)).toBeLessThan(0.1);
    expect(told).toEqual([]);
  });

  test("T24: the same with the 50 bins of equal width that profiles have", () => {
    expect(watchWindows(order, order.sd4, "fiftieths").told).toEqual([
      "output:digit:confidence critical",
    ]);
    expect(watchWindows(order, order.sd1, "fiftieths").told).toEqual([]);
  });
});
