import type { AgentConfig } from "../config.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** What only the process knows about itself. */
export interface Machine {
  readonly nodePath: string;
  /** The runner's main file. */
  readonly runnerPath: string;
  readonly nodeVersion: string;
  readonly glibcVersion: string | undefined;
  readonly agentVersion: string;
  /** When this program was built, where that is known. */
  readonly builtAtMs?: number | undefined;
}

export interface AgentRun {
  readonly config: AgentConfig;
  readonly machine: Machine;
  /** The system's when absent. */
  readonly clock?: Clock | undefined;
  readonly log: Log;
  /** Told when an application asks for the first inference. */
  readonly asked?: (() => void) | undefined;
}
