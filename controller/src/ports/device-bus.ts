import type { AckMessage, DeviceId } from "@modelfleet/protocol";

/**
 * The way down to devices. Nothing depends on delivery: a device that is away asks again when it comes back
 * (protocol.md 4), so every call is best effort and resolves for an absent device too.
 */
export interface DeviceBus {
  /** Whether a message may be lost between a device and here though a broker took it (protocol.md 3.10). */
  readonly mayLose?: boolean;
  readonly publishDesired: (device: DeviceId, envelope: Uint8Array) => Promise<void>;
  readonly publishAck: (device: DeviceId, message: AckMessage) => Promise<void>;
  /** Close its connection, or ask it to say hello: it sends everything again that was not acknowledged. */
  readonly disconnect: (device: DeviceId) => Promise<void>;
  /** Close its connection for good: nothing it says any more counts, and nothing of it is retained. */
  readonly expel: (device: DeviceId) => Promise<void>;
}
