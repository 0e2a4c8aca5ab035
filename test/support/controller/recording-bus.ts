import type { AckMessage, DeviceId } from "@modelfleet/protocol";
import type { DeviceBus } from "../../../controller/src/ports/device-bus.ts";

/** Keeps what would have gone to devices, in order. */
export class RecordingBus implements DeviceBus {
  readonly mayLose: boolean;
  readonly desired: { readonly device: DeviceId; readonly envelope: Uint8Array }[] = [];
  readonly acks: (AckMessage & { readonly device: DeviceId })[] = [];
  readonly disconnected: DeviceId[] = [];
  readonly expelled: DeviceId[] = [];

  constructor({ mayLose = false } = {}) {
    this.mayLose = mayLose;
  }

  readonly publishDesired = (device: DeviceId, envelope: Uint8Array): Promise<void> => {
    this.desired.push({ device, envelope });
    return Promise.resolve();
  };

  readonly publishAck = (device: DeviceId, message: AckMessage): Promise<void> => {
    this.acks.push({ ...message, device });
    return Promise.resolve();
  };

  readonly disconnect = (device: DeviceId): Promise<void> => {
    this.disconnected.push(device);
    return Promise.resolve();
  };

  readonly expel = (device: DeviceId): Promise<void> => {
    this.expelled.push(device);
    return Promise.resolve();
  };
}
