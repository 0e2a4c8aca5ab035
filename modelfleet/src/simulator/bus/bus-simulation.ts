import {
  type EmbeddedController,
  type EventLog,
  type Keys,
  type LogEvent,
  localPrincipal,
  openEmbedded,
} from "@modelfleet/controller/embedded";
import {
  type DeviceId,
  ModelName,
  type Rollout,
  RolloutRequest,
  type Sha256,
} from "@modelfleet/protocol";
import { Chance } from "../chance.ts";
import type { SimulatedAgent } from "../device/simulated-agent.ts";
import { EXAMPLE_MODEL, exampleUpload } from "../example-release.ts";
import { isAtRest } from "../rest.ts";
import { SimulatedClock } from "../simulated-clock.ts";
import { simulatedKeys } from "../simulated-keys.ts";
import type { SimulationParts } from "../simulation-parts.ts";
import { SimulatorError } from "../simulator-error.ts";
import { StageTimes } from "../stage-times.ts";
import { joinBusFleet } from "./bus-fleet.ts";
import { FleetBus } from "./fleet-bus.ts";
import { OrderWatch } from "./order-watch.ts";
import { TurnGate } from "./turn-gate.ts";

const START_MS = Date.parse("2026-01-05T08:00:00Z");
/** Hellos at the beginning are spread over so long. */
const ARRIVAL_MS = 60_000;
/** Nothing happened for so long: the rollout and its devices are at rest. */
const REST_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const SIMULATED_MS_MAX = 60 * 24 * 3_600_000;

/** What is left when everything has come to rest. */
export interface EndedSimulation {
  readonly controller: EmbeddedController;
  readonly serving: ReadonlyMap<DeviceId, Sha256 | null>;
  readonly rollout: Rollout;
  readonly release: Sha256;
  readonly times: StageTimes;
  /** As the bus has seen them. */
  readonly offersAfterHalt: number;
}

/**
 * One rollout over a fleet on a bus in this process, from the enrolment until everything has come to rest. The same
 * options make the same simulation: all chance is drawn from the seed, and time is the simulation's own.
 */
export class BusSimulation implements AsyncDisposable {
  readonly #parts: SimulationParts;
  readonly #clock: SimulatedClock;
  readonly #watch = new OrderWatch();
  readonly #gate = new TurnGate();
  readonly #bus: FleetBus;
  readonly #times: StageTimes;
  readonly #keys: Keys;
  readonly #defects: unknown[] = [];
  #controller: EmbeddedController | undefined;

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#keys = simulatedKeys(parts.options.seed, START_MS);
    this.#clock = new SimulatedClock(START_MS, parts.options.seed);
    this.#bus = new FleetBus({ clock: this.#clock, onOrder: this.#watch.onOrder });
    this.#times = new StageTimes({ nowMs: this.#clock.nowMs, realMs: parts.realMs });
  }

  /** @throws SimulatorError TIMEOUT when it does not come to rest */
  async run(): Promise<EndedSimulation> {
    const { options, progress } = this.#parts;
    const controller = await this.#open();
    const agents = await joinBusFleet({
      ...options,
      nature: options,
      bus: this.#bus,
      controller,
      root: this.#keys.root(),
      progress,
    });
    await this.#arrive([...agents.values()]);
    const upload = exampleUpload("1.0.0");
    const { release } = (await controller.app.useCases.publishRelease.run(upload, localPrincipal))
      .release;
    this.#watch.watch(release);
    this.#bus.faults = options;
    this.#sendAway([...agents.values()]);
    await this.#pass(LOOK_EVERY_MS);
    const id = await this.#begin(controller);
    const rollout = await this.#untilRest(id, agents);
    const { offersAfterHalt } = this.#watch;
    return {
      controller,
      serving: servedBy(agents),
      rollout,
      release,
      times: this.#times,
      offersAfterHalt,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<EmbeddedController> {
    const { folder } = this.#parts;
    const controller = await openEmbedded({
      file: ":memory:",
      blobFolder: folder,
      breathe: () => Promise.resolve(),
      bus: this.#bus,
      clock: this.#clock,
      keys: this.#keys,
      log: this.#log(),
      onDefect: (error) => void this.#defects.push(error),
      onWake: this.#gate.onWake,
    });
    this.#controller = controller;
    this.#bus.listen((topic, payload) => controller.app.door.receive(topic, payload));
    controller.app.acks.start();
    controller.app.rolloutEngine.start();
    return controller;
  }

  /** The controller's log is how its rollouts are followed: an event comes after its commit. */
  #log(): EventLog {
    const hear = (event: LogEvent) => {
      const moment = this.#times.hear(event);
      if (moment?.state === "failed") this.#watch.halted();
      if (event.event === "rollout.resume") this.#watch.resumed();
      if (moment === undefined && !event.event.startsWith("rollout.")) return;
      const stage = moment === undefined ? "" : `stage ${moment.stage + 1} `;
      this.#parts.progress(`${stage}${event.event}${reasonIn(event)}`);
    };
    return { info: hear, warn: hear, error: hear };
  }

  async #arrive(agents: readonly SimulatedAgent[]): Promise<void> {
    const chance = new Chance(`${this.#parts.options.seed}/arrival`);
    agents.forEach((agent, owner) => {
      this.#clock.after(chance.between(0, ARRIVAL_MS), owner, () => agent.start());
    });
    await this.#until(() => agents.every(({ isIdle, desiredSeq }) => isIdle && desiredSeq > 0));
    this.#parts.progress(`${agents.length} devices connected`);
  }

  #sendAway(agents: readonly SimulatedAgent[]): void {
    const { seed, offline, awayMs } = this.#parts.options;
    const chance = new Chance(`${seed}/away`);
    agents.forEach((agent, owner) => {
      const backMs = chance.between(0, awayMs);
      if (!chance.hits(offline)) return;
      agent.leave();
      this.#clock.after(LOOK_EVERY_MS + backMs, owner, () => agent.start());
    });
  }

  async #begin({ app }: EmbeddedController): Promise<string> {
    const request = RolloutRequest.parse({
      model: ModelName.parse(EXAMPLE_MODEL),
      version: "1.0.0",
      plan: this.#parts.plan,
    });
    return (await app.useCases.createRollout.run(request, localPrincipal)).id;
  }

  /** Nothing is under way any more, and nobody will act by himself. */
  async #untilRest(id: string, agents: ReadonlyMap<DeviceId, SimulatedAgent>): Promise<Rollout> {
    const { showRollout } = this.#use().app.useCases;
    let quietSinceMs: number | undefined;
    const endMs = this.#clock.nowMs() + SIMULATED_MS_MAX;
    for (;;) {
      await this.#pass(LOOK_EVERY_MS);
      const rollout = await showRollout.run(id, localPrincipal);
      const isQuiet = isAtRest(rollout, this.#clock.nowMs()) && [...agents.values()].every(isIdle);
      quietSinceMs = isQuiet ? (quietSinceMs ?? this.#clock.nowMs()) : undefined;
      if (quietSinceMs !== undefined && this.#clock.nowMs() - quietSinceMs >= REST_MS)
        return rollout;
      if (this.#clock.nowMs() > endMs) throw notAtRest(rollout);
    }
  }

  /** Goes on for so long. */
  async #pass(ms: number): Promise<void> {
    const untilMs = this.#clock.nowMs() + ms;
    await this.#until(() => this.#clock.nowMs() >= untilMs);
  }

  async #until(isDone: () => boolean): Promise<void> {
    const endMs = this.#clock.nowMs() + SIMULATED_MS_MAX;
    while (!isDone() && this.#clock.nowMs() < endMs) {
      await this.#clock.advance();
      while (this.#gate.open()) await this.#use().app.rolloutEngine.settled();
      if (this.#defects.length > 0) throw this.#defects[0];
    }
  }

  #use(): EmbeddedController {
    if (this.#controller === undefined) throw new RangeError("the simulation is not open");
    return this.#controller;
  }
}

function servedBy(
  agents: ReadonlyMap<DeviceId, SimulatedAgent>,
): ReadonlyMap<DeviceId, Sha256 | null> {
  return new Map([...agents].map(([id, { slot }]) => [id, slot.active?.release ?? null]));
}

function isIdle(agent: SimulatedAgent): boolean {
  return agent.isIdle;
}

function notAtRest({ state, stages }: Rollout): SimulatorError {
  const funnels = JSON.stringify(stages.map(({ funnel }) => funnel));
  return new SimulatorError(
    "TIMEOUT",
    `expected the rollout to come to rest, it is ${state} after ${SIMULATED_MS_MAX} simulated ms: ${funnels}`,
  );
}

function reasonIn({ reason }: LogEvent): string {
  return typeof reason === "string" ? `: ${reason}` : "";
}
