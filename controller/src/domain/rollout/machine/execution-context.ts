import type { ExecutionMoment, ExecutionPolicy } from "../execution.ts";

/** The moment, and what is the same for every execution of the rollout. */
export interface ExecutionContext extends ExecutionMoment {
  readonly policy: ExecutionPolicy;
}
