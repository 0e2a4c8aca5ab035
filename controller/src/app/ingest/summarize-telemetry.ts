import type {
  DeviceId,
  ModelName,
  ReleaseVersion,
  TelemetryAnswer,
  TelemetrySummary,
} from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { summarizeTelemetry } from "../../domain/telemetry/summarize-telemetry.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";
import { deviceUnknown } from "../fleet/known-device.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
import { requireSeenModel } from "../release/seen-model.ts";
import { type IsSeen, seenDevices } from "./seen-devices.ts";
import { sumWindows } from "./sum-windows.ts";

export interface TelemetryQuery {
  readonly model?: ModelName | undefined;
  readonly version?: ReleaseVersion | undefined;
  readonly device?: DeviceId | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export interface SummarizeTelemetryPorts {
  readonly breathe: () => Promise<void>;
  readonly fleet: FleetStore;
  readonly profiles: ReleaseProfiles;
  readonly releases: ReleaseStore;
  readonly telemetry: TelemetryStore;
}

/** One summary a release that has windows in the time and of the devices asked for and seen, by model and version. */
export class SummarizeTelemetry {
  readonly #ports: SummarizeTelemetryPorts;

  constructor(ports: SummarizeTelemetryPorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError MODEL_UNKNOWN | RELEASE_UNKNOWN | DEVICE_UNKNOWN, also for what the caller may not see */
  async run(query: TelemetryQuery, caller: Principal): Promise<TelemetryAnswer> {
    const { profiles, releases, telemetry } = this.#ports;
    await requireSeenModel(releases, query, caller);
    const isSeen = await seenDevices(this.#ports.fleet, caller);
    await this.#requireDevice(query, isSeen);
    const summaries: TelemetrySummary[] = [];
    for (const prefix of await telemetry.releasePrefixes()) {
      const release = await profiles.find(prefix);
      if (release === undefined || !isAsked(release, query)) continue;
      const { model } = release.record.document;
      if (!permits(caller, { action: "telemetry.read", model })) continue;
      const asked = { ...query, releasePrefix: prefix };
      const { devices, ...sums } = await sumWindows(this.#ports, asked, (of) => isSeen(model, of));
      if (devices.size === 0) continue;
      summaries.push(
        summarizeTelemetry({
          ...{ release: release.record.release, document: release.record.document },
          ...{ profile: release.profile?.reference ?? null, devices: [...devices], ...sums },
        }),
      );
    }
    return { summaries: summaries.sort(byName) };
  }

  async #requireDevice({ model, device }: TelemetryQuery, isSeen: IsSeen): Promise<void> {
    if (device === undefined) return;
    const known = await this.#ports.fleet.device(device);
    if (known === undefined || !isSeen(model, device)) throw deviceUnknown(device);
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
