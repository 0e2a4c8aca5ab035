import type { LogEvent } from "@modelfleet/controller/embedded";

/** When a stage came into a state. */
export interface StageMoment {
  readonly stage: number;
  /** `deploying`, `passed`, `failed` … */
  readonly state: string;
  /** Of the simulation. */
  readonly atMs: number;
  /** Of the machine, since the simulation began. */
  readonly realMs: number;
}

/** Follows a rollout by what its controller logs. */
export class StageTimes {
  readonly moments: StageMoment[] = [];
  readonly #clocks: { readonly nowMs: () => number; readonly realMs: () => number };

  constructor(clocks: { readonly nowMs: () => number; readonly realMs: () => number }) {
    this.#clocks = clocks;
  }

  /** @returns the moment, when the event is about a stage */
  hear({ event, stage }: LogEvent): StageMoment | undefined {
    const [what, state] = event.split(".");
    if (what !== "stage" || state === undefined || typeof stage !== "number") return undefined;
    const { nowMs, realMs } = this.#clocks;
    const moment = { stage, state, atMs: nowMs(), realMs: realMs() };
    this.moments.push(moment);
    return moment;
  }

  /** From its first order to its end, in the simulation and in this world; null while it has not ended. */
  spanOf(stage: number): { readonly simulatedMs: number; readonly realMs: number } | null {
    const own = this.moments.filter((moment) => moment.stage === stage);
    const from = own.find(({ state }) => state === "deploying");
    const until = own.findLast(({ state }) => ends.includes(state));
    if (from === undefined || until === undefined) return null;
    return { simulatedMs: until.atMs - from.atMs, realMs: until.realMs - from.realMs };
  }
}

const ends: readonly string[] = ["passed", "promoted", "failed", "inconclusive", "reverted"];
