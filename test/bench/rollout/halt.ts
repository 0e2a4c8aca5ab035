import { type DeviceId, ModelName, RolloutRequest, rolloutLimits } from "@modelfleet/protocol";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import type { RolloutSnapshot } from "../../../controller/src/domain/rollout/rollout.ts";
import { eventually } from "../../support/eventually.ts";
import { FleetDevice } from "../../support/rollout/fleet-device.ts";
import { seedSigner } from "../../support/trust-fixtures.ts";
import type { BenchLine, BenchPart } from "../bench-line.ts";
import { latencies } from "../statistics.ts";
import { type BenchFleet, benchDeviceName, benchFleet } from "./bench-fleet.ts";
import { type WrittenOffers, writtenOffers } from "./written-offers.ts";

const DEVICES = 100_000;
/** Those that can sign; any order may be for one of them. */
const SIGNERS = 4_000;
const HALTS = 25;
/** So many failures are let be; the next one halts, and after a person's word each further one. */
const ERRORS_MAX = 9;
/** Before each halt, so that it comes while orders go out. */
const ORDERS_MIN = 200;
const LATENCY_MS_MAX = 2_000;
const PATIENCE = { withinMs: 60_000, everyMs: 3 };

/**
 * Signed refusals halt one rollout over a large fleet again and again while its orders go out: from the moment the
 * deciding one is handed in until the last order. Beside it a report that decides nothing, while no order goes out.
 */
export const halt: BenchPart = {
  name: "halt",
  run: async (progress) => {
    progress(`enrol ${DEVICES} devices, ${SIGNERS} of them with keys`);
    const watch = new OrderWatch();
    const signers = Array.from({ length: SIGNERS }, (_, place) => signerAt(place));
    for (const device of signers) watch.signers.set(device.id, device);
    const signerOf = (place: number) => signers[place]?.signer ?? null;
    await using fleet = await benchFleet(DEVICES, signerOf, watch);
    progress("split a rollout over all of them");
    const scene: Scene = { fleet, watch, rollout: await runningRollout(fleet) };
    for (let failures = 0; failures < ERRORS_MAX; failures++) await refuse(scene);
    if (watch.halt !== undefined) throw new Error("expected no halt before the limit");
    progress(`halt it ${HALTS} times`);
    const halts: Halted[] = [];
    for (let count = 0; count < HALTS; count++) halts.push(await haltAndResume(scene));
    progress(`${watch.orders} orders went out meanwhile`);
    const written = await writtenOffers(fleet, scene.rollout);
    expectAllWritten(written, watch.orders);
    return linesOf(halts, written);
  },
};

interface Scene {
  readonly fleet: BenchFleet;
  readonly watch: OrderWatch;
  readonly rollout: string;
}

interface Halted {
  readonly lastOrderMs: number;
  readonly committedMs: number;
  readonly ordersAfter: number;
  /** A report while everything rests, from its start to its end. */
  readonly bareMs: number;
}

/** What goes out, and whether the rollout stands. */
class OrderWatch {
  readonly signers = new Map<DeviceId, FleetDevice>();
  /** They have an order and have said nothing. */
  readonly told: { readonly device: FleetDevice; readonly envelope: Uint8Array }[] = [];
  orders = 0;
  lastOrderAtMs = 0;
  /** Since it stands; undefined while it goes on. */
  halt: { readonly atMs: number; readonly orders: number } | undefined;

  readonly onOrder = (id: DeviceId, envelope: Uint8Array): void => {
    this.orders += 1;
    this.lastOrderAtMs = performance.now();
    const device = this.signers.get(id);
    if (device !== undefined) this.told.push({ device, envelope });
  };

  readonly onRollout = ({ rollout }: RolloutSnapshot): void => {
    const isHalted = rollout.state === "paused" && rollout.paused === "halt";
    this.halt = isHalted ? { atMs: performance.now(), orders: this.orders } : undefined;
  };
}

function signerAt(place: number): FleetDevice {
  return new FleetDevice(benchDeviceName(place), seedSigner(`bench ${place}`));
}

/** One stage of all, with orders as fast as the engine gives them. */
async function runningRollout({ app, bus }: BenchFleet): Promise<string> {
  const thresholds = { errorsMax: ERRORS_MAX };
  const stages = [{ size: { percent: 100 }, thresholds }];
  const plan = { stages, inFlightMax: rolloutLimits.inFlightMax };
  const request = { model: ModelName.parse("vision.defects"), version: "1.0.0", plan };
  const { createRollout } = app.useCases;
  const { id } = await createRollout.run(RolloutRequest.parse(request), localPrincipal);
  app.rolloutEngine.start();
  await eventually(() => bus.desired.length > 0, PATIENCE);
  return id;
}

/** @returns how long it took, from handing it in */
async function refuse({ fleet, watch }: Scene): Promise<number> {
  const report = await nextReport(watch, fleet, "refuse");
  return report();
}

async function haltAndResume(scene: Scene): Promise<Halted> {
  const { fleet, watch, rollout } = scene;
  const { app } = fleet;
  const enough = watch.orders + ORDERS_MIN;
  await eventually(() => watch.orders >= enough, PATIENCE);
  const report = await nextReport(watch, fleet, "refuse");
  const bare = await nextReport(watch, fleet, "accept");
  const startMs = performance.now();
  await report();
  const halted = await present(() => watch.halt);
  // Every turn that is under way comes to its end, and one begins that finds the halt.
  await app.rolloutEngine.tick();
  const bareMs = await bare();
  await app.rolloutEngine.tick();
  const ordersAfter = watch.orders - halted.orders;
  const word = { kind: "resume", reason: "the failures are known" } as const;
  const request = { id: rollout, word, ifVersion: undefined, caller: localPrincipal };
  const lastOrderMs = Math.max(0, watch.lastOrderAtMs - startMs);
  await app.useCases.commandRollout.run(request);
  return { lastOrderMs, committedMs: halted.atMs - startMs, ordersAfter, bareMs };
}

/** Signed when it is asked for: handing it in is all that is left to do. */
async function nextReport(
  watch: OrderWatch,
  { app, clock, release }: BenchFleet,
  answer: "accept" | "refuse",
): Promise<() => Promise<number>> {
  const { device, envelope } = await present(() => watch.told.shift());
  device.nextConduct =
    answer === "refuse"
      ? { kind: "refuse", code: "FORMAT" }
      : { kind: "stop-after", step: "accepted" };
  const report = device.follow(envelope, clock.nowMs());
  if (report === undefined) throw new Error(`expected an answer of ${device.id} about ${release}`);
  return async () => {
    const startMs = performance.now();
    await app.door.receive({ kind: "stream", stream: "report", device: device.id }, report);
    return performance.now() - startMs;
  };
}

async function present<T extends object>(look: () => T | undefined): Promise<T> {
  return eventually(() => {
    const thing = look();
    if (thing === undefined) throw new Error("expected something, got nothing yet");
    return thing;
  }, PATIENCE);
}

/** Nothing after a halt would be easy to find in a log that says nothing. */
function expectAllWritten({ halts, offers }: WrittenOffers, orders: number): void {
  if (halts === HALTS && offers >= orders) return;
  throw new Error(`expected ${HALTS} halts and ${orders} offers, got ${halts} and ${offers}`);
}

function linesOf(halts: readonly Halted[], { whileHalted }: WrittenOffers): readonly BenchLine[] {
  const lastOrder = latencies(halts.map(({ lastOrderMs }) => lastOrderMs));
  const committed = latencies(halts.map(({ committedMs }) => committedMs));
  const bare = latencies(halts.map(({ bareMs }) => bareMs));
  const published = halts.reduce((sum, { ordersAfter }) => sum + ordersAfter, 0);
  const common = { scenario: 33, bare: null };
  const none = { ...common, limit: "0" };
  return [
    {
      ...{ ...common, what: "deciding report to the last order, p99 ms (bare: report at rest)" },
      ...{ ours: lastOrder.p99, bare: bare.p99 },
      ...{ limit: `≤ ${LATENCY_MS_MAX}`, holds: lastOrder.p99 <= LATENCY_MS_MAX },
    },
    {
      ...{ ...common, what: "deciding report to the halt stored, p99 ms", ours: committed.p99 },
      ...{ limit: `≤ ${LATENCY_MS_MAX}`, holds: committed.p99 <= LATENCY_MS_MAX },
    },
    {
      ...{ ...none, what: `orders published after ${halts.length} halts were stored` },
      ...{ ours: published, holds: published === 0 },
    },
    {
      ...{ ...none, what: `orders in the audit log after ${halts.length} halts` },
      ...{ ours: whileHalted, holds: whileHalted === 0 },
    },
  ];
}
