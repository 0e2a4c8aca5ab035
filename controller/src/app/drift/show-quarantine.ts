import { driftPipelineLimits, type QuarantineAnswer } from "@modelfleet/protocol";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";

/** What windows wait for somebody to find out whether devices or the controller are wrong. */
export class ShowQuarantine {
  readonly #telemetry: TelemetryStore;

  constructor(ports: { readonly telemetry: TelemetryStore }) {
    this.#telemetry = ports.telemetry;
  }

  async run(): Promise<QuarantineAnswer> {
    const kinds = await this.#telemetry.quarantine(driftPipelineLimits.quarantineKindsMax);
    return {
      quarantined: kinds.map(({ releasePrefix, profilePrefix, ...kind }) => ({
        ...kind,
        release: releasePrefix,
        profile: profilePrefix,
      })),
    };
  }
}
