import { isCodedError, rolloutLimits } from "@modelfleet/protocol";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import type { RolloutLanes } from "./rollout-lanes.ts";

const LEASE = "rollout-engine";
const HOLDER_BYTES = 8;

export interface RolloutEnginePorts {
  readonly clock: Clock;
  readonly lanes: RolloutLanes;
  readonly log: EventLog;
  readonly rollouts: RolloutStore;
  /** One turn of one rollout. @returns whether there is more to do at once */
  readonly turn: (rollout: string) => Promise<boolean>;
  /** Once, when this process has become the leader: orders that were stored and perhaps not sent. */
  readonly resume: (rollout: string) => Promise<void>;
  readonly onDefect: (error: unknown) => void;
}

/**
 * Carries rollouts on. Rules:
 *
 * 1. One process does it: the one with the lease. It is asked for again with every tick, and lasts longer than one.
 * 2. A rollout gets a turn when something of it has changed, and with every tick. Turns of one rollout never overlap,
 *    neither with each other nor with people's words (`RolloutLanes`).
 * 3. Whatever a turn does is stored before it is sent. After a crash the next leader sends again what may not have
 *    been sent, and goes on from what is stored.
 * 4. A turn that fails for a known reason is told, and comes again with the next tick; it holds up no other rollout.
 */
export class RolloutEngine implements AsyncDisposable {
  readonly #ports: RolloutEnginePorts;
  readonly #holder: string;
  readonly #underWay = new Map<string, { again: boolean; done: Promise<void> }>();
  #timer: Disposable | undefined;
  #isLeader = false;
  #isClosed = false;

  constructor(ports: RolloutEnginePorts) {
    this.#ports = ports;
    this.#holder = Buffer.from(ports.clock.randomBytes(HOLDER_BYTES)).toString("hex");
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(rolloutLimits.tickMs, () => this.tick());
  }

  /** Rules 1 and 2. Resolves when every turn it began is over. */
  async tick(): Promise<void> {
    if (this.#isClosed || !(await this.#lead())) return;
    const active = await this.#ports.rollouts.active(this.#ports.clock.nowMs());
    for (const id of active) this.wake(id);
    await this.settled();
  }

  /** Something of this rollout has changed. Never waits and never fails. */
  readonly wake = (id: string): void => {
    if (!this.#isLeader || this.#isClosed) return;
    const running = this.#underWay.get(id);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    const entry = { again: true, done: Promise.resolve() };
    this.#underWay.set(id, entry);
    entry.done = this.#turns(id, entry).catch(this.#ports.onDefect);
  };

  /** Every turn that has begun is over. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.all([...this.#underWay.values()].map(({ done }) => done));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.settled();
  }

  /** Rules 1 and 3. */
  async #lead(): Promise<boolean> {
    const { clock, rollouts, log, resume } = this.#ports;
    const nowMs = clock.nowMs();
    const isLeader = await rollouts.lease(LEASE, this.#holder, {
      nowMs,
      untilMs: nowMs + rolloutLimits.leaseMs,
    });
    const isNew = isLeader && !this.#isLeader;
    this.#isLeader = isLeader;
    if (!isNew) return isLeader;
    log.info({ event: "rollouts.led", holder: this.#holder }, "this controller leads the rollouts");
    for (const id of await rollouts.active(nowMs))
      await this.#ports.lanes.run(id, () => resume(id));
    return true;
  }

  /** Rules 2 and 4; ends when nothing is left to do. */
  async #turns(id: string, entry: { again: boolean }): Promise<void> {
    try {
      while (entry.again && !this.#isClosed) {
        entry.again = false;
        if (await this.#turn(id)) entry.again = true;
      }
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #turn(id: string): Promise<boolean> {
    const { lanes, log, turn } = this.#ports;
    try {
      return await lanes.run(id, () => turn(id));
    } catch (error) {
      if (!isCodedError(error)) throw error;
      const event = { event: "rollout.turn-failed", rollout: id, code: error.code };
      log.warn({ ...event, reason: error.message }, "a rollout could not go on; tried again soon");
      return false;
    }
  }
}
