import { readdirSync } from "node:fs";

/** Sets the niceness of a process or thread; throws when that is not allowed. */
export type SetPriority = (id: number, niceness: number) => void;

/** Low enough that preparing a release takes only the processor time nobody else wants. */
const PREPARING = 15;
const SERVING = 0;

/**
 * Niceness of runners. Lowering it again needs a right that a plain user lacks (RLIMIT_NICE or CAP_SYS_NICE):
 * then a runner once made nice could never be promoted, so on such a machine none is.
 */
export class Priority {
  readonly #set: SetPriority;
  #mayRaise: boolean | undefined;

  constructor(set: SetPriority) {
    this.#set = set;
  }

  /** @returns false when this process is stuck at low priority and must be replaced by a new one */
  prepare(pid: number): boolean {
    if (this.#mayRaise === false) return true;
    if (this.#mayRaise === true) {
      this.#setAll(pid, PREPARING);
      return true;
    }
    this.#setAll(pid, PREPARING + 1);
    this.#mayRaise = this.#setAll(pid, PREPARING);
    return this.#mayRaise;
  }

  promote(pid: number): void {
    if (this.#mayRaise === true) this.#setAll(pid, SERVING);
  }

  /** Niceness belongs to a thread on Linux, and a runtime's threads were made before the promotion. */
  #setAll(pid: number, niceness: number): boolean {
    try {
      for (const id of threadsOf(pid)) this.#set(id, niceness);
      return true;
    } catch {
      // Refused, or the process has just ended: its owner hears of the end by itself.
      return false;
    }
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // No /proc here: the process as a whole.
    return [pid];
  }
}
