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
import { refuseMessage } from "../ingest/refuse-message.ts";
import { sender } from "../ingest/sender.ts";

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
    const { fleet, clock, refusals } = this.#ports;
    await refuseMessage(refusals, { device, stream: "online" }, async () => {
      await sender(fleet, device);
      const { boot, online } = parse(payload);
      await fleet.setPresence(device, { boot, online, atMs: clock.nowMs() });
      return { kind: "stored" };
    });
  }

  /** When the embedded broker starts, nobody is connected yet. */
  async allOffline(): Promise<void> {
    await this.#ports.fleet.allOffline();
  }
}

/** @throws FormatError */
function parse(payload: Uint8Array): OnlineMessage {
  const value = parseStrictJson(payload, { bytesMax: busLimits.retainedBytesMax });
  const message = OnlineMessage.safeParse(value);
  if (message.success) return message.data;
  throw new FormatError("FORMAT", "expected a presence message");
}
