import { join } from "node:path";
import {
  type DeviceId,
  encodeBatch,
  encodeSignedBatch,
  type FeedbackWindow,
  type Labels,
  type ReferenceProfile,
  type Sha256,
  sha256,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { openBlobFolder } from "../../../controller/src/adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "../../../controller/src/adapters/calendar/croner-calendar.ts";
import { metricsText } from "../../../controller/src/adapters/metrics/metrics-text.ts";
import { openDatabase } from "../../../controller/src/adapters/sql/open-database.ts";
import { webhookSender } from "../../../controller/src/adapters/webhook-http/webhook-sender.ts";
import { compose, type Ports } from "../../../controller/src/compose.ts";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import { fixtureKeys } from "../controller/fixture-keys.ts";
import { ManualClock } from "../controller/manual-clock.ts";
import { RecordingBus } from "../controller/recording-bus.ts";
import { RecordingLog } from "../controller/recording-log.ts";
import { SimulatedDevice } from "../controller/simulated-device.ts";
import { jsonBytes, smallUpload } from "../controller/upload.ts";
import { type Random, seededRandom } from "../random.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { driftProfile, driftWindow, type WindowWish } from "./drift-windows.ts";

export const cellMs = 900_000;
/** Start of the first cell: a whole number of hours. The clock of a world begins at its end. */
export const driftStartMs = Date.UTC(2026, 10, 21, 8);

export type DriftWorld = Awaited<ReturnType<typeof driftWorld>>;

export interface DriftWorldOptions {
  readonly seed?: number;
  /** Folder of database and blobs, which outlives the world; without it both go with it. */
  readonly home?: string;
  readonly nowMs?: number;
  /** Ports of the test's own, over those of the world. */
  readonly over?: (ports: Ports) => Partial<Ports>;
}

/** A controller with one profiled release whose devices are written by hand; its grid has cells of 15 min. */
export async function driftWorld({ seed = 1, home, nowMs, over }: DriftWorldOptions = {}) {
  const folder = await temporaryFolder();
  const stores = await openDatabase(
    home === undefined ? ":memory:" : join(home, "controller.sqlite"),
  );
  const [clock, bus, log] = [
    new ManualClock(nowMs ?? driftStartMs + cellMs),
    new RecordingBus(),
    new RecordingLog(),
  ];
  const defects: unknown[] = [];
  const ports: Ports = {
    ...stores,
    ...{ authority: undefined, bus, clock, log, keys: fixtureKeys(), driftWindowMs: cellMs },
    blobs: await openBlobFolder(join(home ?? folder.path, "blobs")),
    breathe: () => Promise.resolve(),
    calendar: cronerCalendar(),
    sender: webhookSender([]),
    writeMetrics: metricsText,
    onDefect: (error) => void defects.push(error),
    tally: { count: () => undefined },
    endpoints: () => ({ controllerUrl: "http://fleet.test", brokerUrl: "mqtt://fleet.test" }),
  };
  const app = compose({ ...ports, ...over?.(ports) });
  const world = new World({ app, clock, random: seededRandom(seed) });
  return Object.assign(world, {
    ...{ stores, bus, log, defects, app },
    [Symbol.asyncDispose]: async () => {
      await app.readmissions[Symbol.asyncDispose]();
      await app.driftEngine[Symbol.asyncDispose]();
      await app.acks[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  });
}

const profileBytes = jsonBytes(driftProfile);

class World {
  readonly clock: ManualClock;
  readonly #app: ReturnType<typeof compose>;
  readonly #random: Random;
  readonly #seqs = new Map<DeviceId, number>();

  constructor(given: {
    readonly app: ReturnType<typeof compose>;
    readonly clock: ManualClock;
    readonly random: Random;
  }) {
    this.clock = given.clock;
    this.#app = given.app;
    this.#random = given.random;
  }

  /** The release that all windows are of, with the ordinary profile unless the test has its own. */
  async publish(version = "1.0.0", profile: ReferenceProfile = driftProfile): Promise<Sha256> {
    const upload = smallUpload(
      { version, drift: { baseline: "profile.json" } },
      { "profile.json": jsonBytes(profile) },
    );
    const { release } = await this.#app.useCases.publishRelease.run(upload, localPrincipal);
    return release.release;
  }

  async device(id: string, labels: Labels = {}): Promise<SimulatedDevice> {
    const device = new SimulatedDevice(id);
    const request = { class: "cam-v2", uses: 1, lifeMs: 3_600_000, labels };
    const { enrolment } = await this.#app.useCases.createClaim.run(request, localPrincipal);
    await this.#app.useCases.enrolDevice.run(device.enrolRequest(enrolment));
    return device;
  }

  /** Of 1,000 items, unless said otherwise. */
  window(release: Sha256, wish: Partial<WindowWish> = {}): TelemetryWindow {
    const given = { release, profile: sha256(profileBytes), startMs: driftStartMs };
    return driftWindow(this.#random, { ...given, durationMs: cellMs, items: 1_000, ...wish });
  }

  /** As the bytes a broker hands over, in the order of the device's own stream. */
  async send(device: SimulatedDevice, windows: readonly TelemetryWindow[]): Promise<void> {
    const seq = this.#seqs.get(device.id) ?? 0;
    this.#seqs.set(device.id, seq + 1);
    await this.deliver(device, device.telemetry(windows, { boot: 1, seq }));
  }

  /** Labels that came for answers, alone in a batch. */
  async label(device: SimulatedDevice, feedback: readonly FeedbackWindow[]): Promise<void> {
    const seq = this.#seqs.get(device.id) ?? 0;
    this.#seqs.set(device.id, seq + 1);
    const batch = { device: device.id, boot: 1, seq, dropped: 0, windows: [], feedback };
    await this.deliver(device, encodeSignedBatch(device.signer, encodeBatch(batch)));
  }

  async deliver(device: SimulatedDevice, frame: Uint8Array): Promise<void> {
    const topic = { kind: "stream", stream: "tele", device: device.id } as const;
    await this.#app.door.receive(topic, frame);
  }

  /** The clock stands at the moment in which a cell is due, and everything due is judged. @returns how many cells */
  async judge(startMs: number): Promise<number> {
    await this.clock.advance(startMs + 3 * cellMs - this.clock.nowMs());
    return this.#app.driftEngine.tick();
  }
}
