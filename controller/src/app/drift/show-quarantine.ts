import {
  driftPipelineLimits,
  type QuarantineAnswer,
  type QuarantinedKind,
} from "@modelfleet/protocol";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";
import type { ReleaseProfiles } from "../release/release-profiles.ts";

export interface ShowQuarantinePorts {
  readonly profiles: ReleaseProfiles;
  readonly telemetry: TelemetryStore;
}

/** What windows wait for somebody to find out whether devices or the controller are wrong. */
export class ShowQuarantine {
  readonly #ports: ShowQuarantinePorts;

  constructor(ports: ShowQuarantinePorts) {
    this.#ports = ports;
  }

  async run(): Promise<QuarantineAnswer> {
    const { profiles, telemetry } = this.#ports;
    const quarantined: QuarantinedKind[] = [];
    const kinds = await telemetry.quarantine(driftPipelineLimits.quarantineKindsMax);
    for (const { releasePrefix, profilePrefix, ...kind } of kinds) {
      const isPublished = (await profiles.find(releasePrefix)) !== undefined;
      quarantined.push({ ...kind, release: releasePrefix, profile: profilePrefix, isPublished });
    }
    return { quarantined };
  }
}
