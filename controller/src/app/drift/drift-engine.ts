import {
  driftLimits,
  driftPipelineLimits,
  isCodedError,
  telemetryLimits,
} from "@modelfleet/protocol";
import type { Clock } from "../../ports/clock.ts";
import type { DirtyCell, DriftStore } from "../../ports/drift-store.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import { foldDay } from "./fold-day.ts";

const LEASE = "drift-engine";
const HOLDER_BYTES = 8;

export interface DriftEnginePorts {
  readonly clock: Clock;
  readonly drift: DriftStore;
  readonly log: EventLog;
  /** Keeps the leases of this controller. */
  readonly rollouts: Pick<RolloutStore, "lease">;
  /** One cell, from what has come to what is told. @returns false when somebody else was faster */
  readonly judge: (cell: DirtyCell) => Promise<boolean>;
  /** Ends the alerts of releases of which nothing comes any more. */
  readonly endSilent: () => Promise<void>;
  readonly driftWindowMs?: number;
}

/**
 * Judges what devices measured. Rules:
 *
 * 1. One process does it: the one with the lease, which it asks for again before every cell.
 * 2. Which cells are due stands in the database, in the commits that stored their windows. A cell is judged when it has
 *    ended and `driftLimits.graceCells` more have passed, the oldest first; one that gets more windows later is judged
 *    again, after all that are judged as they came, and then pages nobody.
 * 3. What became of a cell is stored in one commit, over the very marks that were read. After a crash, or when somebody was
 *    faster, nothing of it is there and it is judged again.
 * 4. A cell that fails for a known reason is told, holds up no other, and comes again with the next tick.
 */
export class DriftEngine implements AsyncDisposable {
  readonly #ports: DriftEnginePorts;
  readonly #holder: string;
  #timer: Disposable | undefined;
  #forgottenAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #judgedCells = 0;
  #underWay: Promise<number> = Promise.resolve(0);

  constructor(ports: DriftEnginePorts) {
    this.#ports = ports;
    this.#holder = Buffer.from(ports.clock.randomBytes(HOLDER_BYTES)).toString("hex");
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(this.#tickMs(), async () => {
      await this.tick();
    });
  }

  /** Rules 1 to 4, after what is under way. @returns how many cells were judged */
  tick(): Promise<number> {
    this.#underWay = this.#underWay.then(
      () => this.#run(),
      () => this.#run(),
    );
    return this.#underWay;
  }

  /** Since it was made. */
  judgedCells(): number {
    return this.#judgedCells;
  }

  async #run(): Promise<number> {
    const { clock, drift } = this.#ports;
    const { graceCells } = driftLimits;
    let judged = 0;
    if (!(await this.#leads())) return judged;
    const due = { nowMs: clock.nowMs(), graceCells, count: driftPipelineLimits.cellsPerTickMax };
    const cells = await drift.dirtyCells(due);
    for (const cell of cells) {
      if (!(await this.#leads())) return judged;
      if (await this.#judge(cell)) judged += 1;
    }
    // Who still waits to be judged is not silent.
    if (cells.length < due.count) {
      await this.#told("drift.not-ended", () => this.#ports.endSilent());
    }
    await this.#told("drift.not-folded", () => this.#foldDays());
    return judged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#underWay.catch(() => undefined);
  }

  #tickMs(): number {
    const { tickMsMin, tickMsMax } = driftPipelineLimits;
    const cellMs = this.#ports.driftWindowMs ?? telemetryLimits.windowMsDefault;
    return Math.min(tickMsMax, Math.max(tickMsMin, cellMs / 4));
  }

  async #leads(): Promise<boolean> {
    if (this.#isClosed) return false;
    const nowMs = this.#ports.clock.nowMs();
    const untilMs = nowMs + driftPipelineLimits.leaseMs;
    return this.#ports.rollouts.lease(LEASE, this.#holder, { nowMs, untilMs });
  }

  /** Rule 4. */
  async #judge(cell: DirtyCell): Promise<boolean> {
    const isJudged = await this.#told("drift.not-judged", () => this.#ports.judge(cell));
    if (isJudged === true) this.#judgedCells += 1;
    return isJudged === true;
  }

  /** Roll-ups by the day, and away with what is too old. */
  async #foldDays(): Promise<void> {
    const { clock, drift } = this.#ports;
    const { daysPerTickMax, cellRollupMsMax, dayRollupMsMax, forgetEveryMs } = driftPipelineLimits;
    const nowMs = clock.nowMs();
    const cellMs = this.#ports.driftWindowMs ?? telemetryLimits.windowMsDefault;
    await drift.foldDays(nowMs - (1 + driftLimits.graceCells) * cellMs, daysPerTickMax, foldDay);
    if (nowMs - this.#forgottenAtMs < forgetEveryMs) return;
    await this.#forget("cell", nowMs - cellRollupMsMax);
    await this.#forget("day", nowMs - dayRollupMsMax);
    this.#forgottenAtMs = nowMs;
  }

  async #forget(span: "cell" | "day", beforeMs: number): Promise<void> {
    const { rollupsPerForgetMax } = driftPipelineLimits;
    while (!this.#isClosed) {
      const gone = await this.#ports.drift.forget(span, beforeMs, rollupsPerForgetMax);
      if (gone < rollupsPerForgetMax) return;
    }
  }

  async #told<T>(event: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      if (!isCodedError(error)) throw error;
      const { code, message } = error;
      this.#ports.log.warn({ event, code, reason: message }, "tried again with the next tick");
      return undefined;
    }
  }
}
