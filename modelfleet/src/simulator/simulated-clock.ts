import type { Clock } from "@modelfleet/controller/embedded";
import { Chance } from "./chance.ts";

/** Everything due within one moment happens together. */
export const MOMENT_MS = 100;
/** Parts of a simulation that have their turns at once. */
const WIDTH = 1_000;

type Task = () => void | Promise<void>;

/**
 * Time that passes only when everything due has happened. Rules:
 *
 * 1. Time is cut into moments. What is due in one is done in it; whatever that brings about is due in a later one.
 * 2. Tasks have an owner. In one moment those of different owners are done at once, those of one owner one after the
 *    other, in the order in which they were asked for. So nothing rests on who of several is faster.
 * 3. Periodic tasks are the controller's; they come after everybody else's, one after the other.
 */
export class SimulatedClock implements Clock {
  #moment: number;
  readonly #due = new Map<number, { readonly owner: number; readonly task: Task }[]>();
  readonly #periods: { nextMs: number; readonly periodMs: number; readonly task: Task }[] = [];
  readonly #chance: Chance;

  constructor(startMs: number, seed: string) {
    this.#moment = Math.ceil(startMs / MOMENT_MS);
    this.#chance = new Chance(`${seed}/clock`);
  }

  readonly nowMs = (): number => this.#moment * MOMENT_MS;

  readonly randomBytes = (length: number): Uint8Array => this.#chance.bytes(length);

  readonly every = (periodMs: number, task: () => Promise<void>): Disposable => {
    const period = { nextMs: this.nowMs() + periodMs, periodMs, task };
    this.#periods.push(period);
    return {
      [Symbol.dispose]: () => void this.#periods.splice(this.#periods.indexOf(period), 1),
    };
  };

  /** @param owner a number from 0 */
  after(ms: number, owner: number, task: Task): void {
    const moment = Math.max(this.#moment + 1, Math.ceil((this.nowMs() + ms) / MOMENT_MS));
    const due = this.#due.get(moment);
    if (due === undefined) this.#due.set(moment, [{ owner, task }]);
    else due.push({ owner, task });
  }

  /** Goes to the next moment in which something is due. @returns false when nothing ever is */
  async advance(): Promise<boolean> {
    if (this.#due.size === 0 && this.#periods.length === 0) return false;
    do this.#moment += 1;
    while (
      !this.#due.has(this.#moment) &&
      !this.#periods.some(({ nextMs }) => nextMs <= this.nowMs())
    );
    const due = this.#due.get(this.#moment) ?? [];
    this.#due.delete(this.#moment);
    await inLanes(lanesOf(due), WIDTH);
    for (const period of [...this.#periods]) {
      if (period.nextMs > this.nowMs()) continue;
      period.nextMs += period.periodMs;
      await period.task();
    }
    return true;
  }
}

/** The tasks of each owner, in their order. */
function lanesOf(
  due: readonly { readonly owner: number; readonly task: Task }[],
): readonly Task[][] {
  const lanes = new Map<number, Task[]>();
  for (const { owner, task } of due) {
    const lane = lanes.get(owner);
    if (lane === undefined) lanes.set(owner, [task]);
    else lane.push(task);
  }
  return [...lanes].toSorted(([left], [right]) => left - right).map(([, tasks]) => tasks);
}

/** Does each lane's tasks in their order, and `width` lanes at once. */
export async function inLanes(lanes: readonly Task[][], width: number): Promise<void> {
  let next = 0;
  const walk = async () => {
    for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++]) {
      for (const task of lane) await task();
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, lanes.length) }, walk));
}
