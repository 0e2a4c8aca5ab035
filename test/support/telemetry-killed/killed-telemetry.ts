import { setTimeout as wait } from "node:timers/promises";
import { type Digest8, digest8, Release } from "@modelfleet/protocol";
import { MortalMosquitto } from "../broker/mortal-mosquitto.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";
import { enrolDevice } from "../http/enrolled-device.ts";
import { smallForm } from "../http/upload-form.ts";
import { type Random, seededRandom } from "../random.ts";
import { type Deadline, MortalController } from "../rollout-killed/mortal-controller.ts";
import { type AgentResult, agentId, RealAgent } from "./real-agent.ts";
import { agentHeldAgainst, heldAgainst } from "./stored-telemetry.ts";
import { TeleDevice } from "./tele-device.ts";

export interface KilledTelemetryOptions {
  readonly seed: number;
  /** Of the controller and the broker in it, with SIGKILL; of one or the other where the broker is a process of its own. */
  readonly kills: number;
  /** A Mosquitto as it comes from a package, with its own limits. */
  readonly onMosquitto?: boolean;
  readonly devices: number;
  /** Of all simulated devices together. */
  readonly perSecond: number;
  /** Batches a simulated device keeps. */
  readonly outboxMax: number;
  /** Of a real agent beside them. */
  readonly agentKillsMin: number;
  readonly folder: Readonly<Record<"data" | "agent" | "cache", string>>;
  readonly killed?: (count: number) => void;
}

export interface KilledTelemetry {
  readonly produced: number;
  readonly stored: number;
  readonly dropped: number;
  readonly kills: number;
  /** Of a broker that is a process of its own. */
  readonly brokerKills: number;
  readonly deviceDeaths: number;
  readonly agent: AgentResult;
  /** Made a second while kills went on, by all simulated devices. */
  readonly perSecond: number;
  readonly owedMax: number;
  readonly violations: readonly string[];
}

const tickMs = 50;
/** Acknowledgements of each device between a start of the controller and its death, at most; it hears about one a second. */
const heardMax = 4;
const strikeMsMax = 40;
/** Until a broker that was killed comes back, at most. */
const brokerDownMsMax = 2_000;
/** Share of ticks with the death of a device. */
const deathShare = 0.02;
const enrolPatience = { withinMs: 30_000, everyMs: 200 };
const drainPatience = { withinMs: 300_000, everyMs: 200 };

/**
 * Devices measure at a rate while the controller, and with it its broker, is killed at random moments, and so are devices
 * and a real agent. In the end nobody is killed, everything that is owed is sent, and the database is held against what
 * was made.
 */
export async function killedTelemetry(options: KilledTelemetryOptions): Promise<KilledTelemetry> {
  const random = seededRandom(options.seed);
  const { folder } = options;
  await using broker = options.onMosquitto === true ? await startMosquitto() : undefined;
  const brokerUrl = broker && `mqtt://127.0.0.1:${broker.port}`;
  await using controller = await MortalController.at(folder.data, folder.cache, brokerUrl);
  const killer = controllerKiller(random, options, broker);
  controller.start(killer.deadline);
  const release = await published(controller);
  await using fleet = await Fleet.enrolled(options, { controller, random, heard: killer.heard });
  const chance = seededRandom(random.below(2 ** 32));
  await using agent = await RealAgent.at(folder.agent, controller, chance);
  fleet.start();
  agent.start();
  killer.begin();
  const beganMs = performance.now();
  const isEnough = () =>
    agent.hasFailed || (killer.left() === 0 && agent.kills >= options.agentKillsMin);
  const deviceDeaths = await fleet.measure(release, options.perSecond, isEnough);
  const seconds = (performance.now() - beganMs) / 1_000;
  const told = await agent.finish();
  await eventually(() => fleet.owed() === 0, drainPatience);
  await controller.stop("SIGTERM");
  const { batches, violations } = heldAgainst(folder.data, fleet.devices);
  const produced = fleet.sum((device) => device.produced.length);
  return {
    ...{ produced, stored: batches, deviceDeaths, agent: told },
    dropped: fleet.sum((device) => device.droppedPlaces.length),
    kills: controller.kills,
    brokerKills: broker?.kills ?? 0,
    perSecond: Math.round(produced / seconds),
    owedMax: Math.max(...fleet.devices.map(({ owedMax }) => owedMax)),
    violations: [
      ...violations,
      ...agentHeldAgainst(folder.data, agentId, told.asked),
      ...controller.deaths,
    ],
  };
}

async function startMosquitto(): Promise<MortalMosquitto> {
  const broker = await MortalMosquitto.plain(await freePort());
  await broker.start();
  return broker;
}

async function published(controller: MortalController): Promise<Digest8> {
  const answer = await controller.ask("/v1/releases", { method: "POST", body: smallForm() });
  return digest8(Release.parse(await answer.json()).release);
}

interface Surroundings {
  readonly controller: MortalController;
  readonly random: Random;
  readonly heard: () => void;
}

class Fleet {
  readonly devices: readonly TeleDevice[];
  readonly #random: Random;

  private constructor(devices: readonly TeleDevice[], random: Random) {
    this.devices = devices;
    this.#random = random;
  }

  static async enrolled(
    { devices: count, outboxMax }: KilledTelemetryOptions,
    { controller, random, heard }: Surroundings,
  ): Promise<Fleet> {
    const devices: TeleDevice[] = [];
    for (let index = 0; index < count; index++) {
      const id = `tele-${index}`;
      // Of one address only so many enrol a second (`claimLimits.enrolsPerSecondPerAddressMax`).
      const { secret } = await eventually(() => enrolDevice(controller, id), enrolPatience);
      const { brokerUrl } = controller;
      const chance = seededRandom(random.below(2 ** 32));
      devices.push(new TeleDevice({ id, secret, brokerUrl, random: chance, outboxMax, heard }));
    }
    return new Fleet(devices, random);
  }

  start(): void {
    for (const device of this.devices) device.start();
  }

  owed(): number {
    return this.sum((device) => device.owed);
  }

  sum(figure: (device: TeleDevice) => number): number {
    return this.devices.reduce((all, device) => all + figure(device), 0);
  }

  /** At this rate, whoever is there to take it. @returns how many devices have died */
  async measure(release: Digest8, perSecond: number, isEnough: () => boolean): Promise<number> {
    const beganMs = performance.now();
    let [made, deaths] = [0, 0];
    while (!isEnough()) {
      const due = ((performance.now() - beganMs) * perSecond) / 1_000;
      const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 1_000;
      for (; made < due; made++) this.#at(made % this.devices.length).produce(release, startMs);
      if (this.#random.next() < deathShare) {
        deaths += 1;
        void this.#at(this.#random.below(this.devices.length)).die();
      }
      await wait(tickMs);
    }
    return deaths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.devices.map((device) => device[Symbol.asyncDispose]()));
  }

  #at(index: number): TeleDevice {
    const device = this.devices[index];
    if (device === undefined) throw new RangeError(`expected a device ${index}`);
    return device;
  }
}

/** After a random number of acknowledgements of each life, and a moment: in a commit, between commit and ack, in an ack. */
function controllerKiller(
  random: Random,
  { kills, devices, killed }: KilledTelemetryOptions,
  broker: MortalMosquitto | undefined,
) {
  let left = kills;
  let hasBegun = false;
  let awaited = Number.POSITIVE_INFINITY;
  let strike: () => void = () => undefined;
  const waitForOne = () => {
    awaited = 1 + random.below(heardMax * devices);
  };
  const count = () => {
    left -= 1;
    killed?.(kills - left);
  };
  const strikeBroker = async (mortal: MortalMosquitto) => {
    count();
    await mortal.strike(random.below(brokerDownMsMax));
    if (left > 0) waitForOne();
  };
  const deadline: Deadline = (kill) => {
    strike = () => {
      // In turns, so that each dies however few kills there are.
      if (broker !== undefined && left % 2 === 0) {
        void strikeBroker(broker);
        return;
      }
      strike = () => undefined;
      count();
      kill();
    };
    if (hasBegun && left > 0) waitForOne();
    return undefined;
  };
  return {
    deadline,
    left: () => left,
    begin: () => {
      hasBegun = true;
      if (left > 0) waitForOne();
    },
    heard: () => {
      awaited -= 1;
      if (awaited === 0 && left > 0) setTimeout(() => strike(), random.below(strikeMsMax));
    },
  };
}
