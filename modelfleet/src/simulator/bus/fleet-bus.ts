import type { DeviceBus } from "@modelfleet/controller/embedded";
import type { AckMessage, DeviceId, OnlineMessage, UpTopic } from "@modelfleet/protocol";
import type { Chance } from "../chance.ts";
import type { DeviceLine, LineListener } from "../device/device-line.ts";
import type { SimulatedClock } from "../simulated-clock.ts";
import { arrivals, type Faults, noFaults } from "./faults.ts";

/** Where messages of devices go. */
export type Receive = (topic: UpTopic, payload: Uint8Array) => Promise<void>;

export interface FleetBusOptions {
  readonly clock: SimulatedClock;
  /** Told of every order that goes out. */
  readonly onOrder: (device: DeviceId, envelope: Uint8Array) => void;
}

/** A broker in this process: between devices and controller, with the faults of a bad line. */
export class FleetBus implements DeviceBus {
  /** From now on. */
  faults: Faults = noFaults;
  readonly clock: SimulatedClock;
  readonly #onOrder: FleetBusOptions["onOrder"];
  readonly #lines = new Map<DeviceId, BusLine>();
  #receive: Receive = () => Promise.reject(new RangeError("nobody listens yet"));

  constructor({ clock, onOrder }: FleetBusOptions) {
    [this.clock, this.#onOrder] = [clock, onOrder];
  }

  /** Before anything is sent. */
  listen(receive: Receive): void {
    this.#receive = receive;
  }

  readonly receive: Receive = (topic, payload) => this.#receive(topic, payload);

  lineFor(device: DeviceId, owner: number, chance: Chance) {
    return (listener: LineListener): DeviceLine => {
      const line = new BusLine({ bus: this, device, owner, chance, listener });
      this.#lines.set(device, line);
      return line;
    };
  }

  readonly publishDesired = (device: DeviceId, envelope: Uint8Array): Promise<void> => {
    this.#onOrder(device, envelope);
    this.#lines.get(device)?.carry(({ desired }) => desired(envelope));
    return Promise.resolve();
  };

  readonly publishAck = (device: DeviceId, { boot, seq }: AckMessage): Promise<void> => {
    this.#lines.get(device)?.carry(({ acknowledged }) => acknowledged({ boot, seq }));
    return Promise.resolve();
  };

  readonly disconnect = (device: DeviceId): Promise<void> => {
    this.#lines.get(device)?.drop();
    return Promise.resolve();
  };

  readonly expel = (device: DeviceId): Promise<void> => {
    this.#lines.get(device)?.cut();
    this.#lines.delete(device);
    return Promise.resolve();
  };
}

interface LineParts {
  readonly bus: FleetBus;
  readonly device: DeviceId;
  readonly owner: number;
  readonly chance: Chance;
  readonly listener: LineListener;
}

const OPEN_MS = 200;

/**
 * One device's connection. What is sent up arrives although the device has gone meanwhile; what is sent down is lost
 * when the connection it was sent on is gone (clean sessions). Presence is the broker's to tell, and never lost.
 */
class BusLine implements DeviceLine {
  readonly #parts: LineParts;
  /** Counts connections. */
  #session = 0;
  #boot = 0;
  #isUp = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  readonly open = (boot: number): void => {
    const { bus, listener } = this.#parts;
    const session = ++this.#session;
    this.#boot = boot;
    this.#at(OPEN_MS, async () => {
      if (session !== this.#session) return;
      this.#isUp = true;
      await bus.receive(this.#topic("online"), presence(boot, true));
      listener.connected();
    });
  };

  readonly cut = (): void => {
    this.#session += 1;
    if (!this.#isUp) return;
    this.#isUp = false;
    const boot = this.#boot;
    this.#at(0, () => this.#parts.bus.receive(this.#topic("online"), presence(boot, false)));
  };

  readonly send = (stream: "hello" | "report", envelope: Uint8Array): void => {
    const topic = this.#topic(stream);
    this.#up(() => this.#parts.bus.receive(topic, envelope));
  };

  readonly askDesired = (): void => {
    const { bus, device } = this.#parts;
    const topic = { kind: "request", operation: "get-desired", device } as const;
    this.#up(() => bus.receive(topic, new Uint8Array()));
  };

  /** The broker ends it. */
  drop(): void {
    if (!this.#isUp) return;
    this.cut();
    this.#parts.listener.disconnected();
  }

  carry(deliver: (listener: LineListener) => void): void {
    if (!this.#isUp) return;
    const { bus, chance, listener } = this.#parts;
    const session = this.#session;
    for (const ms of arrivals(chance, bus.faults)) {
      this.#at(ms, () => {
        if (session === this.#session) deliver(listener);
      });
    }
  }

  #up(arrive: () => Promise<void>): void {
    if (!this.#isUp) return;
    const { bus, chance } = this.#parts;
    for (const ms of arrivals(chance, bus.faults)) this.#at(ms, arrive);
  }

  #at(ms: number, task: () => void | Promise<void>): void {
    this.#parts.bus.clock.after(ms, this.#parts.owner, task);
  }

  #topic(stream: "online" | "hello" | "report"): UpTopic {
    return { kind: "stream", stream, device: this.#parts.device };
  }
}

function presence(boot: number, online: boolean): Uint8Array {
  const message: OnlineMessage = { v: 1, boot, online, reason: online ? "connected" : "lost" };
  return new TextEncoder().encode(JSON.stringify(message));
}
