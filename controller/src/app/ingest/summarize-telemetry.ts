import {
  type DeviceId,
  decodeWindow,
  type ModelName,
  type ReleaseVersion,
  type TelemetryAnswer,
  type TelemetrySummary,
} from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { mergeWindowQuantiles } from "../../domain/telemetry/merge-quantiles.ts";
import { mergeWindows } from "../../domain/telemetry/merge-windows.ts";
import { summarizeTelemetry } from "../../domain/telemetry/summarize-telemetry.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";

export interface TelemetryQuery {
  readonly model?: ModelName | undefined;
  readonly version?: ReleaseVersion | undefined;
  readonly device?: DeviceId | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export interface SummarizeTelemetryPorts {
  readonly fleet: FleetStore;
  readonly profiles: ReleaseProfiles;
  readonly telemetry: TelemetryStore;
}

/** One summary a release that has windows in the time and of the devices asked for and seen, by model and version. */
export class SummarizeTelemetry {
  readonly #ports: SummarizeTelemetryPorts;

  constructor(ports: SummarizeTelemetryPorts) {
    this.#ports = ports;
  }

  async run(query: TelemetryQuery, caller: Principal): Promise<TelemetryAnswer> {
    const isSeen = await this.#seenBy(caller);
    const summaries: TelemetrySummary[] = [];
    for (const prefix of await this.#ports.telemetry.releasePrefixes()) {
      const release = await this.#ports.profiles.find(prefix);
      if (release === undefined || !isAsked(release, query)) continue;
      const { model } = release.record.document;
      if (!permits(caller, { action: "telemetry.read", model })) continue;
      const all = await this.#ports.telemetry.windows({ ...query, releasePrefix: prefix });
      const seen = all.filter(({ device }) => isSeen(model, device));
      if (seen.length === 0) continue;
      const windows = seen.map(({ device, bytes }) => ({ device, window: decodeWindow(bytes) }));
      summaries.push(
        summarizeTelemetry({
          release: release.record.release,
          document: release.record.document,
          profile: release.profile?.reference ?? null,
          merged: mergeWindows(windows.map(({ window }) => window)),
          quantiles: mergeWindowQuantiles(windows),
          devices: windows.map(({ device }) => device),
        }),
      );
    }
    return { summaries: summaries.sort(byName) };
  }

  async #seenBy(caller: Principal) {
    const devices = await this.#ports.fleet.devices();
    const labelsOf = new Map(devices.map(({ id, labels }) => [id, labels]));
    return (model: ModelName, device: DeviceId): boolean =>
      permits(caller, { action: "telemetry.read", model, labels: labelsOf.get(device) ?? {} });
  }
}

function isAsked({ record }: ProfiledRelease, { model, version }: TelemetryQuery): boolean {
  const { document } = record;
  return (
    (model === undefined || model === document.model) &&
    (version === undefined || version === document.version)
  );
}

function byName(left: TelemetrySummary, right: TelemetrySummary): number {
  const byModel = left.model.localeCompare(right.model, "en");
  return byModel || left.version.localeCompare(right.version, "en", { numeric: true });
}
