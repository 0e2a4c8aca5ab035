import type { RolloutPlan } from "@modelfleet/protocol";
import type { SimulatorOptions } from "./options.ts";

/** What a simulation is made of, whatever carries its messages. */
export interface SimulationParts {
  readonly options: SimulatorOptions;
  readonly plan: RolloutPlan;
  /** Told of what happens, one line each. */
  readonly progress: (text: string) => void;
  /** Where the controller keeps its files. */
  readonly folder: string;
  /** Of the machine, since the simulation began. */
  readonly realMs: () => number;
}
