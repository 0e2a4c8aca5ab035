import { availableParallelism } from "node:os";

/** One for files and one for names and signatures. */
const THREADS_MIN = 2;

/**
 * As many threads as cores for signature checks, files and names. More of them than cores take turns with the main thread,
 * which has the rest of a report to do: two cores take in a tenth more reports so (`npm run bench:rollout`).
 *
 * @param env of this process, before anything has asked for a thread; what stands there already is kept
 */
export function sizeThreadPool(env: NodeJS.ProcessEnv): void {
  env["UV_THREADPOOL_SIZE"] ??= String(Math.max(THREADS_MIN, availableParallelism()));
}
