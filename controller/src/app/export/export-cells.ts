import { exportLimits } from "@modelfleet/protocol";
import type { ExportedCell } from "../../domain/export/exported-cell.ts";
import { otlpMetrics } from "../../domain/export/otlp-metrics.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { Keys } from "../../ports/keys.ts";
import type { MetricsSink } from "../../ports/metrics-sink.ts";

export interface ExportCellsPorts {
  readonly clock: Clock;
  readonly keys: Pick<Keys, "root">;
  readonly log: EventLog;
  readonly sink: MetricsSink;
  /** Told of a failure nobody expected. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * Sends cells that were judged to another system. Rules:
 *
 * 1. The figures are here, whatever becomes of the copy: what waits is bounded, in memory, and lost with the process. Of
 *    too much the oldest goes, counted and told once.
 * 2. One request at a time, of many cells. One that the other side cannot take now comes again, later each time, so often;
 *    one that it refuses is dropped and told.
 */
export class ExportCells implements AsyncDisposable {
  readonly #ports: ExportCellsPorts;
  readonly #closing = new AbortController();
  #waiting: ExportedCell[] = [];
  #attempts = 0;
  #nextAtMs = 0;
  #dropped = 0;
  #timer: Disposable | undefined;
  #underWay: Promise<void> = Promise.resolve();

  constructor(ports: ExportCellsPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(exportLimits.tickMs, () => this.tick());
  }

  /** Never waits and never fails. */
  readonly offer = (cells: readonly ExportedCell[]): void => {
    this.#waiting.push(...cells);
    this.#drop(this.#waiting.length - exportLimits.cellsWaitingMax, "too many cells wait");
  };

  /** Cells that were not taken by the other side and never will be. */
  dropped(): number {
    return this.#dropped;
  }

  tick(): Promise<void> {
    this.#underWay = this.#underWay.then(() => this.#run()).catch(this.#ports.onDefect);
    return this.#underWay;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#closing.abort();
    await this.#underWay;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#waiting.length > 0 && !signal.aborted) {
      if (this.#ports.clock.nowMs() < this.#nextAtMs) return;
      if (!(await this.#send(this.#waiting.slice(0, exportLimits.cellsPerRequestMax)))) return;
    }
  }

  /** Rule 2. @returns whether the next may go at once */
  async #send(cells: readonly ExportedCell[]): Promise<boolean> {
    const { clock, keys, sink } = this.#ports;
    const { signal } = this.#closing;
    const outcome = await sink.send(otlpMetrics(keys.root().document.fleet, cells), signal);
    if (signal.aborted) return false;
    const isLast = this.#attempts + 1 >= exportLimits.attemptsMax;
    if (outcome.kind === "busy" && !isLast) {
      const { retryMsMin, retryMsMax } = exportLimits;
      const backOffMs = Math.min(retryMsMax, retryMsMin * 2 ** this.#attempts);
      this.#attempts += 1;
      const askedMs = Math.min(outcome.retryAfterMs ?? 0, retryMsMax);
      this.#nextAtMs = clock.nowMs() + Math.max(backOffMs, askedMs);
      return false;
    }
    this.#attempts = 0;
    const done = new Set(cells);
    if (outcome.kind === "taken") this.#waiting = this.#waiting.filter((cell) => !done.has(cell));
    else this.#drop(this.#waiting.filter((cell) => done.has(cell)).length, outcome.reason);
    return true;
  }

  /** The oldest. */
  #drop(count: number, reason: string): void {
    if (count <= 0) return;
    this.#waiting.splice(0, count);
    this.#dropped += count;
    const event = { event: "export.dropped", cells: count, reason };
    this.#ports.log.warn(event, "figures were not exported; they are kept here");
  }
}
