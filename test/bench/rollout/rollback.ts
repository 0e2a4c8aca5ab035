import {
  type ExecutionState,
  ModelName,
  mainSlot,
  RolloutRequest,
  rolloutLimits,
} from "@modelfleet/protocol";
import { cronerCalendar } from "../../../controller/src/adapters/calendar/croner-calendar.ts";
import { signDesired } from "../../../controller/src/app/deployment/sign-desired.ts";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import { fixtureKeys } from "../../support/controller/fixture-keys.ts";
import { RecordingBus } from "../../support/controller/recording-bus.ts";
import { smallUpload } from "../../support/controller/upload.ts";
import { eventually } from "../../support/eventually.ts";
import type { BenchLine, BenchPart } from "../bench-line.ts";
import { AnsweringDevices } from "./answering-devices.ts";
import { type BenchFleet, benchFleet } from "./bench-fleet.ts";

const DEVICES = 10_000;
const BACK_MIN = 0.99 * DEVICES;
const MS_MAX = 60_000;
/** Of each thing that is waited for; longer than the limit, so that a slow machine gets a figure too. */
const PATIENCE = { withinMs: 180_000, everyMs: 50 };

/**
 * A fleet that serves version 2 goes back to version 1, which lies on its devices: from the word until the controller
 * knows it of nearly all by their signed reports. Beside as many orders that are signed and published in a bare loop.
 */
export const rollback: BenchPart = {
  name: "rollback",
  run: async (progress) => {
    progress(`enrol ${DEVICES} devices`);
    const fleetDevices = new AnsweringDevices(DEVICES);
    const signerOf = (place: number) => fleetDevices.devices[place]?.signer ?? null;
    await using fleet = await benchFleet(DEVICES, signerOf, fleetDevices);
    fleetDevices.join(fleet);
    fleet.app.rolloutEngine.start();
    const scene: Scene = { fleet, fleetDevices };
    const { publishRelease } = fleet.app.useCases;
    await publishRelease.run(smallUpload({ version: "2.0.0" }), localPrincipal);
    progress("roll version 1 out to all of them");
    await rollOut(scene, "1.0.0");
    progress("roll version 2 out to all of them");
    const second = await rollOut(scene, "2.0.0");
    progress("send all of them back");
    const backMs = await sendBack(scene, second);
    const serving = fleetDevices.devices.filter(({ active }) => active?.release === fleet.release);
    progress(`${serving.length} serve version 1; sign as many orders in a bare loop`);
    return linesOf({ backMs, serving: serving.length, bareMs: await bareOrders(fleet) });
  },
};

interface Scene {
  readonly fleet: BenchFleet;
  readonly fleetDevices: AnsweringDevices;
}

/** One stage of all, to its end. */
async function rollOut(scene: Scene, version: string): Promise<string> {
  const plan = { inFlightMax: rolloutLimits.inFlightMax };
  const request = { model: ModelName.parse("vision.defects"), version, plan };
  const { createRollout } = scene.fleet.app.useCases;
  const { id } = await createRollout.run(RolloutRequest.parse(request), localPrincipal);
  await eventually(async () => (await countOf(scene, id, "succeeded")) === DEVICES, PATIENCE);
  return id;
}

/** @returns how long it took until enough of them were known to be back */
async function sendBack(scene: Scene, id: string): Promise<number> {
  const startMs = performance.now();
  const word = { kind: "rollback", reason: "version 2 is worse" } as const;
  const request = { id, word, ifVersion: undefined, caller: localPrincipal };
  await scene.fleet.app.useCases.commandRollout.run(request);
  await eventually(async () => (await countOf(scene, id, "rolled-back")) >= BACK_MIN, PATIENCE);
  return performance.now() - startMs;
}

/** As everybody sees it who asks the controller. */
async function countOf(
  { fleet, fleetDevices }: Scene,
  rollout: string,
  state: ExecutionState,
): Promise<number> {
  fleetDevices.expectWell();
  const stages = (await fleet.stores.rollouts.byId(rollout))?.stages ?? [];
  return stages[0]?.counts.tally[state] ?? 0;
}

/** What cannot be left out: the same documents by the same keys, to nobody. */
async function bareOrders({ clock, devices, stores }: BenchFleet): Promise<number> {
  const ports = { calendar: cronerCalendar(), clock, keys: fixtureKeys() };
  const slots = (await stores.fleet.device(firstOf(devices)))?.desired.slots ?? [];
  if (slots[0]?.slot !== mainSlot) throw new Error("expected an order for the main slot");
  const bus = new RecordingBus();
  const startMs = performance.now();
  for (const { id } of devices) {
    const wish = { device: id, storedSeq: 2, reportedSeq: 2, slots };
    const { envelope } = await signDesired(ports, wish);
    await bus.publishDesired(id, envelope);
  }
  return performance.now() - startMs;
}

function firstOf(devices: BenchFleet["devices"]) {
  const [first] = devices;
  if (first === undefined) throw new Error("expected devices, got none");
  return first.id;
}

interface Figures {
  readonly backMs: number;
  readonly serving: number;
  readonly bareMs: number;
}

function linesOf({ backMs, serving, bareMs }: Figures): readonly BenchLine[] {
  return [
    {
      ...{ scenario: 33, what: "99 % of 10,000 confirmed back, ms (bare: orders alone)" },
      ...{ ours: backMs, bare: bareMs, limit: `≤ ${MS_MAX}`, holds: backMs <= MS_MAX },
    },
    {
      ...{ scenario: 33, what: "devices that serve version 1 then", ours: serving, bare: null },
      ...{ limit: `≥ ${BACK_MIN}`, holds: serving >= BACK_MIN },
    },
  ];
}
