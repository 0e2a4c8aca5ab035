import { setImmediate } from "node:timers/promises";
import type { DeviceId } from "@modelfleet/protocol";
import { FleetDevice } from "../../support/rollout/fleet-device.ts";
import { seedSigner } from "../../support/trust-fixtures.ts";
import { type BenchFleet, benchDeviceName } from "./bench-fleet.ts";

/**
 * Devices in this process that follow an order as soon as the controller has given up the thread, and tell all their
 * steps in one signed report: loading a model costs them nothing, so what is measured is the controller.
 */
export class AnsweringDevices {
  readonly devices: readonly FleetDevice[];
  readonly #byId: ReadonlyMap<DeviceId, FleetDevice>;
  readonly #failures: unknown[] = [];
  #fleet: BenchFleet | undefined;

  constructor(count: number) {
    this.devices = Array.from({ length: count }, (_, place) => {
      return new FleetDevice(benchDeviceName(place), seedSigner(`bench ${place}`));
    });
    this.#byId = new Map(this.devices.map((device) => [device.id, device]));
  }

  /** From now on their reports have somewhere to go. */
  join(fleet: BenchFleet): void {
    this.#fleet = fleet;
  }

  readonly onOrder = (id: DeviceId, envelope: Uint8Array): void => {
    this.#answer(id, envelope).catch((error: unknown) => this.#failures.push(error));
  };

  /** @throws what a device met with */
  expectWell(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #answer(id: DeviceId, envelope: Uint8Array): Promise<void> {
    await setImmediate();
    const [device, fleet] = [this.#byId.get(id), this.#fleet];
    if (device === undefined || fleet === undefined) throw new Error(`expected device ${id}`);
    const report = device.follow(envelope, fleet.clock.nowMs());
    if (report === undefined) return;
    await fleet.app.door.receive({ kind: "stream", stream: "report", device: id }, report);
  }
}
