import {
  busLimits,
  type DeviceId,
  FormatError,
  OnlineMessage,
  parseStrictJson,
} from "@modelfleet/protocol";
import type { Clock } from "../../ports/clock.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { RefusalCounts } from "../ingest/refusal-counts.ts";

export interface TrackPresencePorts {
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly refusals: RefusalCounts;
}

/** Who is connected: what devices say when they come, and what the broker says for them when they go. */
export class TrackPresence {
  readonly #ports: TrackPresencePorts;

  constructor(ports: TrackPresencePorts) {
    this.#ports = ports;
  }

  async run(device: DeviceId, payload: Uint8Array): Promise<void> {
    const { fleet, clock } = this.#ports;
    const message = parse(payload);
    if (message === undefined) {
      this.#ports.refusals.count(device, "online", {
        code: "FORMAT",
        reason: "no presence message",
      });
      return;
    }
    const { boot, online } = message;
    await fleet.setPresence(device, { boot, online, atMs: clock.nowMs() });
  }

  /** When the embedded broker starts, nobody is connected yet. */
  async allOffline(): Promise<void> {
    await this.#ports.fleet.allOffline();
  }
}

function parse(payload: Uint8Array): OnlineMessage | undefined {
  try {
    return OnlineMessage.safeParse(
      parseStrictJson(payload, { bytesMax: busLimits.retainedBytesMax }),
    ).data;
  } catch (error) {
    if (error instanceof FormatError) return undefined; // The caller counts it.
    throw error;
  }
}
