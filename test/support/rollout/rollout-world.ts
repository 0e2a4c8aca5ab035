/** A whole controller in this process over a real database, with a fleet of devices that follow their orders. */

import {
  type DeviceId,
  ModelName,
  type Rollout,
  RolloutRequest,
  type Sha256,
} from "@modelfleet/protocol";
import { openBlobFolder } from "../../../controller/src/adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "../../../controller/src/adapters/calendar/croner-calendar.ts";
import { metricsText } from "../../../controller/src/adapters/metrics/metrics-text.ts";
import { openDatabase } from "../../../controller/src/adapters/sql/open-database.ts";
import { webhookSender } from "../../../controller/src/adapters/webhook-http/webhook-sender.ts";
import { MinuteTally } from "../../../controller/src/app/audit/minute-tally.ts";
import type { RolloutWord } from "../../../controller/src/app/rollout/command-rollout.ts";
import { rolloutView } from "../../../controller/src/app/rollout/rollout-view.ts";
import { compose } from "../../../controller/src/compose.ts";
import { localPrincipal, type Principal } from "../../../controller/src/domain/access/principal.ts";
import type { DeviceBus } from "../../../controller/src/ports/device-bus.ts";
import { fixtureKeys } from "../controller/fixture-keys.ts";
import { ManualClock } from "../controller/manual-clock.ts";
import { RecordingLog } from "../controller/recording-log.ts";
import { smallUpload } from "../controller/upload.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { fixtureTimes } from "../trust-fixtures.ts";
import { type Conduct, FleetDevice } from "./fleet-device.ts";

type App = ReturnType<typeof compose>;

/** Orders on their way to devices; a device that is away gets none. */
class FleetBus implements DeviceBus {
  readonly waiting: { readonly device: DeviceId; readonly envelope: Uint8Array }[] = [];
  /** How many orders have been sent, to whomever. */
  sent = 0;

  readonly publishDesired = (device: DeviceId, envelope: Uint8Array): Promise<void> => {
    this.sent += 1;
    this.waiting.push({ device, envelope });
    return Promise.resolve();
  };
  readonly publishAck = (): Promise<void> => Promise.resolve();
  readonly disconnect = (): Promise<void> => Promise.resolve();
  readonly expel = (): Promise<void> => Promise.resolve();
}

export type RolloutWorld = Awaited<ReturnType<typeof rolloutWorld>>;

export interface RolloutWorldOptions {
  readonly devices: number;
  /** Labels of the device with this number. */
  readonly labelsOf?: (number: number) => Readonly<Record<string, string>>;
  readonly rolloutsAwaitApproval?: boolean;
}

export async function rolloutWorld({
  devices: count,
  labelsOf = () => ({}),
  rolloutsAwaitApproval = false,
}: RolloutWorldOptions) {
  const folder = await temporaryFolder();
  const stores = await openDatabase(":memory:");
  const clock = new ManualClock(fixtureTimes.nowMs);
  const [bus, log] = [new FleetBus(), new RecordingLog()];
  const defects: unknown[] = [];
  const tally = new MinuteTally({ audit: stores.audit, clock, log });
  const app = compose({
    ...stores,
    authority: undefined,
    blobs: await openBlobFolder(folder.path),
    breathe: () => Promise.resolve(),
    bus,
    calendar: cronerCalendar(),
    sender: webhookSender([]),
    writeMetrics: metricsText,
    clock,
    keys: fixtureKeys(),
    log,
    onDefect: (error) => void defects.push(error),
    tally,
    rolloutsAwaitApproval,
    endpoints: () => ({ controllerUrl: "http://fleet.test", brokerUrl: "mqtt://fleet.test" }),
  });
  const devices = new Map<DeviceId, FleetDevice>();
  const world = new World({ app, stores, clock, bus, devices, defects });
  for (let number = 0; number < count; number++) await world.addDevice(number, labelsOf(number));
  app.rolloutEngine.start();
  return Object.assign(world, {
    log,
    tally,
    [Symbol.asyncDispose]: async () => {
      await app.readmissions[Symbol.asyncDispose]();
      await app.rolloutEngine[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  });
}

interface Parts {
  readonly app: App;
  readonly stores: Awaited<ReturnType<typeof openDatabase>>;
  readonly clock: ManualClock;
  readonly bus: FleetBus;
  readonly devices: Map<DeviceId, FleetDevice>;
  readonly defects: unknown[];
}

class World {
  readonly app: App;
  readonly stores: Parts["stores"];
  readonly clock: ManualClock;
  readonly bus: FleetBus;
  readonly devices: Parts["devices"];
  readonly #defects: unknown[];
  /** Asked before a device follows an order: what it is to do with it; undefined: what it would do by itself. */
  conductOf: ((device: FleetDevice) => Conduct | undefined) | undefined;

  constructor({ app, stores, clock, bus, devices, defects }: Parts) {
    [this.app, this.stores, this.clock] = [app, stores, clock];
    [this.bus, this.devices, this.#defects] = [bus, devices, defects];
  }

  async addDevice(
    number: number,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<FleetDevice> {
    const device = new FleetDevice(`cam-${String(number).padStart(4, "0")}`);
    const { createClaim, enrolDevice } = this.app.useCases;
    const claim = { class: "cam-v2", uses: 1, lifeMs: 3_600_000, labels };
    const { enrolment } = await createClaim.run(claim, localPrincipal);
    await enrolDevice.run(device.enrolRequest(enrolment));
    this.devices.set(device.id, device);
    await this.connect(device);
    return device;
  }

  /** It comes (back), says hello, and follows what it is answered. */
  async connect(device: FleetDevice): Promise<void> {
    device.isOnline = true;
    const atMs = this.clock.nowMs();
    await this.stores.fleet.setPresence(device.id, { boot: 1, online: true, atMs });
    await this.#receive(device, "hello", device.helloNow(atMs));
    await this.deliver();
  }

  async leave(device: FleetDevice): Promise<void> {
    device.isOnline = false;
    const atMs = this.clock.nowMs();
    await this.stores.fleet.setPresence(device.id, { boot: 1, online: false, atMs });
  }

  async publish(version: string): Promise<Sha256> {
    const { publishRelease } = this.app.useCases;
    const { release } = await publishRelease.run(smallUpload({ version }), localPrincipal);
    return release.release;
  }

  async start(changes: object = {}, caller: Principal = localPrincipal): Promise<Rollout> {
    const request = RolloutRequest.parse({
      model: ModelName.parse("vision.defects"),
      version: "1.0.0",
      ...changes,
    });
    const rollout = await this.app.useCases.createRollout.run(request, caller);
    await this.settle();
    return this.show(rollout.id);
  }

  async say(id: string, word: RolloutWord, caller: Principal = localPrincipal): Promise<Rollout> {
    const request = { id, word, ifVersion: undefined, caller };
    await this.app.useCases.commandRollout.run(request);
    await this.settle();
    return this.show(id);
  }

  async show(id: string): Promise<Rollout> {
    const snapshot = await this.stores.rollouts.byId(id);
    if (snapshot === undefined) throw new Error(`expected rollout ${id}`);
    return rolloutView(snapshot);
  }

  /** Everything that follows from what has happened: turns, orders, answers, until nothing more does. */
  async settle(): Promise<void> {
    for (let rounds = 0; rounds < 1_000; rounds++) {
      await this.app.rolloutEngine.tick();
      if (this.#defects.length > 0) throw this.#defects[0];
      if (this.bus.waiting.length === 0) return;
      await this.deliver();
    }
    throw new Error("expected the fleet to come to rest, it still gets orders");
  }

  /** Time passes in steps, and what is due happens in each. */
  async pass(ms: number, steps = 1): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.clock.advance(ms / steps);
      await this.settle();
    }
  }

  /** Orders reach those who are there, and their answers the controller. */
  async deliver(): Promise<void> {
    for (const { device: id, envelope } of this.bus.waiting.splice(0)) {
      const device = this.devices.get(id);
      if (device === undefined || !device.isOnline) continue;
      device.nextConduct = this.conductOf?.(device);
      const report = device.follow(envelope, this.clock.nowMs());
      if (report !== undefined) await this.report(device, report);
    }
  }

  report(device: FleetDevice, report: Uint8Array): Promise<void> {
    return this.#receive(device, "report", report);
  }

  #receive(device: FleetDevice, stream: "hello" | "report", payload: Uint8Array): Promise<void> {
    return this.app.door.receive({ kind: "stream", stream, device: device.id }, payload);
  }
}
