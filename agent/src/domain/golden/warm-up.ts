import { runnerLimits } from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";
import { type Proof, warmUpRefusal } from "./prove-release.ts";

/**
 * A few more runs of a proven model, so that its first live answer is as fast as the others (agent.md 8.26): a runtime
 * in JavaScript is compiled while it runs, and does not stop at the first time.
 *
 * @throws ReleaseRefused WARMUP_TIMEOUT | LOAD_FAILED | RUNNER_CRASH
 */
export async function warmUp(
  inputs: readonly Tensor[],
  { run, monotonicMs, inferMs }: Proof,
): Promise<void> {
  const untilMs = monotonicMs() + runnerLimits.warmUpMsMax;
  for (let i = 0; i < runnerLimits.warmUpRunsMax && monotonicMs() < untilMs; i += 1) {
    await run(inputs, [], inferMs).catch(warmUpRefusal);
  }
}
