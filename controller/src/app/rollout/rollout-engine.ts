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
 * 1. One process does it: the one with the lease. It is asked for again with every tick, however long a turn takes, and
 *    lasts longer than one. Once it is over no turn begins, whatever woke it.
 * 2. A rollout gets a turn when something of it has changed, and with every tick. Turns of one rollout never overlap,
 *    neither with each other nor with people's words (`RolloutLanes`).
 * 3. Whatever a turn does is stored before it is sent. After a crash the next leader sends again what may not have
 *    been sent, before its first turn of the rollout, and goes on from what is stored.
 * 4. A turn that fails for a known reason is told, and comes again with the next tick; it holds up no other rollout.
 */
export class RolloutEngine implements AsyncDisposable {
  readonly #ports: RolloutEnginePorts;
  readonly #holder: string;
  readonly #underWay = new Map<string, { again: boolean; done: Promise<void> }>();
  /** Of which nothing was sent again since this process leads. */
  #unsent = new Set<string>();
  #timer: Disposable | undefined;
  #lease: { readonly fromMs: number; readonly untilMs: number } | undefined;
  #isClosed = false;

  constructor(ports: RolloutEnginePorts) {
    this.#ports = ports;
    this.#holder = Buffer.from(ports.clock.randomBytes(HOLDER_BYTES)).toString("hex");
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(rolloutLimits.tickMs, () => this.#begin());
  }

  /** Rules 1 and 2. Resolves when every turn it began is over. */
  async tick(): Promise<void> {
    await this.#begin();
    await this.settled();
  }

  /** Something of this rollout has changed. Never waits and never fails. */
  readonly wake = (id: string): void => {
    if (this.#isClosed || !this.#isLeading()) return;
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

  /** Waits for no turn: the lease must not run out behind a long one. */
  async #begin(): Promise<void> {
    const { clock, rollouts, log } = this.#ports;
    if (this.#isClosed) return;
    const wasLeading = this.#isLeading();
    const fromMs = clock.nowMs();
    const untilMs = fromMs + rolloutLimits.leaseMs;
    const isLeader = await rollouts.lease(LEASE, this.#holder, { nowMs: fromMs, untilMs });
    this.#lease = isLeader ? { fromMs, untilMs } : undefined;
    if (!isLeader) return;
    const active = await rollouts.active(clock.nowMs());
    if (!wasLeading) {
      this.#unsent = new Set(active);
      const event = { event: "rollouts.led", holder: this.#holder };
      log.info(event, "this controller leads the rollouts");
    }
    for (const id of active) this.wake(id);
  }

  /** By its own clock; whoever set that back has to ask for the lease anew. */
  #isLeading(): boolean {
    if (this.#lease === undefined) return false;
    const nowMs = this.#ports.clock.nowMs();
    return nowMs >= this.#lease.fromMs && nowMs < this.#lease.untilMs;
  }

  /** Rules 2 and 4; ends when nothing is left to do. */
  async #turns(id: string, entry: { again: boolean }): Promise<void> {
    try {
      while (entry.again && !this.#isClosed && this.#isLeading()) {
        entry.again = false;
        if (await this.#turn(id)) entry.again = true;
      }
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #turn(id: string): Promise<boolean> {
    const { lanes, log } = this.#ports;
    try {
      return await lanes.run(id, () => this.#goOn(id));
    } catch (error) {
      if (!isCodedError(error)) throw error;
      const event = { event: "rollout.turn-failed", rollout: id, code: error.code };
      log.warn({ ...event, reason: error.message }, "a rollout could not go on; tried again soon");
      return false;
    }
  }

  /** Rules 1 and 3: it may have waited for its lane until another process led. */
  async #goOn(id: string): Promise<boolean> {
    const { resume, turn } = this.#ports;
    if (!this.#isLeading()) return false;
    if (this.#unsent.has(id)) {
      await resume(id);
      this.#unsent.delete(id);
    }
    return turn(id);
  }
}
