import { controllerLimits, type Refusals } from "@modelfleet/protocol";
import type { Clock } from "../../ports/clock.ts";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";
import type { RefusalCounts } from "./refusal-counts.ts";

export interface ShowRefusalsPorts {
  readonly clock: Clock;
  readonly refusals: RefusalCounts;
  readonly telemetry: TelemetryStore;
}

/** What devices sent and was not taken in, what was suspicious, and what never came. */
export class ShowRefusals {
  readonly #ports: ShowRefusalsPorts;
  readonly #sinceMs: number;

  constructor(ports: ShowRefusalsPorts) {
    this.#ports = ports;
    this.#sinceMs = ports.clock.nowMs();
  }

  async run(): Promise<Refusals> {
    const { refusals, telemetry } = this.#ports;
    const gaps = await telemetry.gaps(controllerLimits.gapsListedMax);
    return { sinceMs: this.#sinceMs, refusals: [...refusals.snapshot()], gaps: [...gaps] };
  }
}
