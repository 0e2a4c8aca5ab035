import {
  controllerLimits,
  type DeviceId,
  decodeWindow,
  driftPipelineLimits,
} from "@modelfleet/protocol";
import { type QuantileSum, quantileSum } from "../../domain/telemetry/merge-quantiles.ts";
import { mergeTelemetry, mergeWindows } from "../../domain/telemetry/merge-windows.ts";
import type { MergedTelemetry } from "../../domain/telemetry/merged-telemetry.ts";
import type { TelemetryStore, WindowPlace, WindowQuery } from "../../ports/telemetry-store.ts";

export interface SumWindowsPorts {
  readonly breathe: () => Promise<void>;
  readonly telemetry: Pick<TelemetryStore, "windows">;
}

export interface SummedWindows {
  readonly merged: MergedTelemetry;
  readonly quantiles: ReturnType<QuantileSum["merged"]>;
  readonly devices: ReadonlySet<DeviceId>;
  /** false: there are older ones that were not looked at. */
  readonly isWhole: boolean;
}

/** Adds up windows, the newest first, a page at a time: what is held is one page and one sum, however many there are. */
export async function sumWindows(
  { breathe, telemetry }: SumWindowsPorts,
  query: WindowQuery,
  isSeen: (device: DeviceId) => boolean,
): Promise<SummedWindows> {
  const { windowsPerPageMax } = driftPipelineLimits;
  const quantiles = quantileSum();
  const devices = new Set<DeviceId>();
  let merged = mergeWindows([]);
  let before: WindowPlace | null = null;
  for (let looked = 0; looked < controllerLimits.summaryWindowsMax; looked += windowsPerPageMax) {
    const page = await telemetry.windows(query, windowsPerPageMax, before);
    const seen = page
      .filter(({ device }) => isSeen(device))
      .map(({ device, bytes }) => ({ device, window: decodeWindow(bytes) }));
    merged = mergeTelemetry([merged, mergeWindows(seen.map(({ window }) => window))]);
    quantiles.add(seen);
    for (const { device } of seen) devices.add(device);
    before = page.at(-1)?.place ?? null;
    if (page.length < windowsPerPageMax) {
      return { merged, quantiles: quantiles.merged(), devices, isWhole: true };
    }
    await breathe();
  }
  const [older] = await telemetry.windows(query, 1, before);
  return { merged, quantiles: quantiles.merged(), devices, isWhole: older === undefined };
}
