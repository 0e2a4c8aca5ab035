import type { DeviceId, UpTopic } from "@modelfleet/protocol";

/** What the broker asks of the application, and gives to it. */
export interface DeviceDoor {
  readonly authenticate: (device: DeviceId, secret: string) => Promise<boolean>;
  /** One message of a device; messages of one device come one after the other. */
  readonly receive: (topic: UpTopic, payload: Uint8Array) => Promise<void>;
}
