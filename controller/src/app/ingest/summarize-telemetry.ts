import {
  type DeviceId,
  decodeWindow,
  type ModelName,
  type ReleaseVersion,
  type TelemetryAnswer,
  type TelemetrySummary,
} from "@modelfleet/protocol";
import { mergeWindows } from "../../domain/telemetry/merge-windows.ts";
import { summarizeTelemetry } from "../../domain/telemetry/summarize-telemetry.ts";
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
  readonly profiles: ReleaseProfiles;
  readonly telemetry: TelemetryStore;
}

/** One summary a release that has windows in the time and of the device asked for, by model and version. */
export class SummarizeTelemetry {
  readonly #ports: SummarizeTelemetryPorts;

  constructor(ports: SummarizeTelemetryPorts) {
    this.#ports = ports;
  }

  async run(query: TelemetryQuery): Promise<TelemetryAnswer> {
    const summaries: TelemetrySummary[] = [];
    for (const prefix of await this.#ports.telemetry.releasePrefixes()) {
      const release = await this.#ports.profiles.find(prefix);
      if (release === undefined || !isAsked(release, query)) continue;
      const windows = await this.#ports.telemetry.windows({ ...query, releasePrefix: prefix });
      if (windows.length === 0) continue;
      summaries.push(
        summarizeTelemetry({
          release: release.record.release,
          document: release.record.document,
          profile: release.profile?.reference ?? null,
          merged: mergeWindows(windows.map(({ bytes }) => decodeWindow(bytes))),
          devices: windows.map(({ device }) => device),
        }),
      );
    }
    return { summaries: summaries.sort(byName) };
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
