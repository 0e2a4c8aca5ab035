import { type DeviceId, decodeWindow, driftPipelineLimits } from "@modelfleet/protocol";
import { type DeviceSearch, findOutliers } from "../../domain/drift/attribution/find-outliers.ts";
import { signalCounts } from "../../domain/drift/distribution/signal-counts.ts";
import type { Signal } from "../../domain/drift/signal.ts";
import type { DistributionVerdict } from "../../domain/drift/verdict.ts";
import { cohortsOf } from "../../domain/telemetry/cohorts-of.ts";
import { mergeWindows } from "../../domain/telemetry/merge-windows.ts";
import type { CellWindow, CellWindowPlace, DirtyCell } from "../../ports/drift-store.ts";
import type { FoldPorts } from "./fold-cell.ts";
import { readPages } from "./read-pages.ts";

export interface SuspectCell {
  readonly cell: DirtyCell;
  readonly verdict: DistributionVerdict;
  readonly signal: Signal;
}

/**
 * Whose fault the drift of one signal in one cohort is: some devices' or the world's. What is held of a device is its
 * counts of this one signal in this one cell.
 */
export async function suspectDevices(
  { drift, breathe }: FoldPorts,
  { cell, verdict, signal }: SuspectCell,
): Promise<DeviceSearch<DeviceId>> {
  const counts = new Map<DeviceId, number[]>();
  const pages = readPages<CellWindow, CellWindowPlace>({
    first: { device: "", mark: 0 },
    read: (after, count) => drift.windowsOfCell(cell, after, count),
    placeOf: ({ device, mark }) => ({ device, mark }),
    ...{ itemsPerPageMax: driftPipelineLimits.windowsPerPageMax, breathe },
  });
  for await (const page of pages) {
    for (const { device, deviceClass, labels, bytes } of page) {
      if (!cohortsOf(deviceClass, labels).includes(verdict.cohort)) continue;
      const counted = signalCounts(signal, mergeWindows([decodeWindow(bytes)])) ?? [];
      counts.set(device, added(counts.get(device), counted));
    }
  }
  const devices = Array.from(counts, ([device, of]) => ({ device, counts: of }));
  const { reference, threshold } = verdict;
  const found = findOutliers(devices, { reference, threshold: threshold.warn });
  return { ...found, outliers: found.outliers.slice(0, driftPipelineLimits.outliersMax) };
}

function added(sums: number[] | undefined, counts: readonly number[]): number[] {
  return counts.map((count, bin) => count + (sums?.[bin] ?? 0));
}
