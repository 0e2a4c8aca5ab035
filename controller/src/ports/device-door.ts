import type { DeviceId, UpTopic } from "@modelfleet/protocol";

/** What a broker, or the way to one, asks of the application, and gives to it. */
export interface DeviceDoor {
  readonly authenticate: (device: DeviceId, secret: string) => Promise<boolean>;
  /** Whether it is a member; and, unless null, whether this is its raw Ed25519 key. */
  readonly recognize: (device: DeviceId, publicKey: Uint8Array | null) => Promise<boolean>;
  /** One message of a device; messages of one device come one after the other. */
  readonly receive: (topic: UpTopic, payload: Uint8Array) => Promise<void>;
  /** The answer to a device that enrols, also to one that is refused; never rejects for what it sent. */
  readonly enrol: (question: Uint8Array) => Promise<Uint8Array>;
  /** Two clients have the identity of this device; told once, not for every take-over. */
  readonly duplicate: (device: DeviceId) => Promise<void>;
}
