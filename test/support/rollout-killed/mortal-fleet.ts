import { randomUUID } from "node:crypto";
import { Release, Rollout, RolloutDeviceList, type Sha256 } from "@modelfleet/protocol";
import { eventually } from "../eventually.ts";
import { enrolDevice } from "../http/enrolled-device.ts";
import { smallForm } from "../http/upload-form.ts";
import { type Random, seededRandom } from "../random.ts";
import { BusDevice } from "./bus-device.ts";
import { plannedFleet, rolloutPlan } from "./fleet-conduct.ts";
import { type Deadline, MortalController } from "./mortal-controller.ts";
import { type EndOfRollout, readEnd } from "./read-end.ts";

/** What a person says when the second stage is to be looked at. */
export type Word = "promote" | "rollback";

export interface MortalFleet extends AsyncDisposable {
  readonly controller: MortalController;
  /** One rollout of a new release, from its creation to its end. The controller is down when this resolves. */
  readonly play: (word: Word, deadline: Deadline) => Promise<EndOfRollout>;
  /** Told of every message that reaches a device. */
  readonly listen: (heard: () => void) => void;
}

const endPatience = { withinMs: 60_000, everyMs: 40 };
const model = "vision.defects";
const immortal: Deadline = () => undefined;

/** A fleet that was just enrolled and runs release 1, with a controller that may be killed at any moment. */
export async function mortalFleet(
  folder: { readonly data: string; readonly cache: string },
  seed: number,
): Promise<MortalFleet> {
  const controller = await MortalController.at(folder.data, folder.cache);
  const play: Play = { controller, word: "promote", devices: [], heard: () => undefined };
  const random = seededRandom(seed);
  controller.start(immortal);
  play.devices = await enrolled(play, random);
  for (const device of play.devices) device.line.start();
  await playRollout(play, { version: "1.0.0", plan: {} });
  await controller.stop("SIGTERM");
  let releases = 1;
  return {
    controller,
    listen: (heard) => {
      play.heard = heard;
    },
    play: async (word, deadline) => {
      releases += 1;
      play.word = word;
      controller.start(deadline);
      return playRollout(play, { version: `${releases}.0.0`, plan: rolloutPlan });
    },
    [Symbol.asyncDispose]: async () => {
      await controller.stop("SIGKILL");
      for (const device of play.devices) await device.line[Symbol.asyncDispose]();
    },
  };
}

interface Play {
  readonly controller: MortalController;
  word: Word;
  devices: readonly BusDevice[];
  heard: () => void;
}

async function enrolled(play: Play, random: Random): Promise<readonly BusDevice[]> {
  const { controller } = play;
  const devices: BusDevice[] = [];
  for (const planned of plannedFleet(random)) {
    const device = new BusDevice({
      planned,
      random: seededRandom(random.below(2 ** 32)),
      brokerUrl: () => controller.brokerUrl,
      heard: () => play.heard(),
      isReturning: () => play.word === "rollback",
    });
    const labels = { wave: String(planned.wave) };
    ({ secret: device.line.secret } = await enrolDevice(controller, planned.id, { labels }));
    devices.push(device);
  }
  return devices;
}

interface Course {
  readonly version: string;
  readonly plan: object;
}

async function playRollout(play: Play, { version, plan }: Course): Promise<EndOfRollout> {
  const { controller, devices } = play;
  await publish(controller, version);
  await eventually(() => isFleetThere(controller, devices.length), endPatience);
  const id = await create(controller, { model, version, plan });
  const ends =
    play.word === "rollback" ? ["rolled-back"] : ["completed", "completed-with-failures"];
  await eventually(async () => {
    const rollout = await shown(controller, id);
    if (rollout.paused === "review") await decide(play, rollout);
    const restless = devices.filter(({ isAtRest }) => !isAtRest).map((device) => device.id);
    if (ends.includes(rollout.state) && restless.length === 0) return;
    const { state, paused, stages } = rollout;
    const standing = stages.map((stage) => `${stage.state} ${JSON.stringify(stage.funnel)}`);
    throw new Error(`${state} (${paused}): ${standing.join("; ")}; at work: ${restless.join()}`);
  }, endPatience);
  await controller.stop("SIGKILL");
  return readEnd(controller.folder, id, new Map(devices.map((device) => [device.id, device])));
}

async function publish(controller: MortalController, version: string): Promise<Sha256> {
  const upload = { method: "POST", body: smallForm({ version }) };
  const answer = await controller.ask("/v1/releases", upload);
  if (answer.status === 409) return published(controller, version);
  return Release.parse(await answer.json()).release;
}

/** By an upload whose answer was lost. */
async function published(controller: MortalController, version: string): Promise<Sha256> {
  const answer = await controller.ask(`/v1/releases?model=${model}`);
  const { releases } = (await answer.json()) as { readonly releases: unknown[] };
  const found = releases
    .map((one) => Release.parse(one))
    .find(({ document }) => document.version === version);
  if (found === undefined) throw new Error(`expected release ${version}`);
  return found.release;
}

/** Orders depend on what a device says of itself: every one has said hello. */
async function isFleetThere(controller: MortalController, count: number): Promise<boolean> {
  const answer = await controller.ask("/v1/devices");
  const { devices } = (await answer.json()) as { readonly devices: { readonly facts: unknown }[] };
  return devices.filter(({ facts }) => facts !== null).length === count;
}

/** As a careful caller does: with a key, until there is an answer. */
async function create(controller: MortalController, request: object): Promise<string> {
  const key = { "idempotency-key": randomUUID() };
  return eventually(async () => {
    const answer = await controller.post("/v1/rollouts", request, key);
    if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
    return Rollout.parse(await answer.json()).id;
  }, endPatience);
}

async function shown(controller: MortalController, id: string): Promise<Rollout> {
  return Rollout.parse(await (await controller.ask(`/v1/rollouts/${id}`)).json());
}

/** Before it is taken back everything of the first stages is decided, so that no end depends on who was faster. */
async function decide({ controller, word, devices }: Play, { id }: Rollout): Promise<void> {
  if (word === "rollback" && !(await areDecided(controller, id, devices))) return;
  const answer = await controller.post(`/v1/rollouts/${id}:${word}`, { reason: "as planned" });
  // 409: an earlier word whose answer was lost.
  if (answer.status !== 200 && answer.status !== 409) {
    throw new Error(`${word} answered ${answer.status}: ${await answer.text()}`);
  }
}

async function areDecided(
  controller: MortalController,
  id: string,
  all: readonly BusDevice[],
): Promise<boolean> {
  const kinds = new Map(all.map(({ planned }) => [planned.id, planned.conduct.kind]));
  const answer = await controller.ask(`/v1/rollouts/${id}/devices?limit=500`);
  const { devices } = RolloutDeviceList.parse(await answer.json());
  return devices
    .filter(({ stage }) => stage !== null && stage < 2)
    .every(({ device, state }) => {
      const isDecided = ["succeeded", "failed", "rejected", "rolled-back"].includes(state);
      return kinds.get(device) === "stall" ? state === "downloading" : isDecided;
    });
}
