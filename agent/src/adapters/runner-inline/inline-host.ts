import { runnerLimits } from "@modelfleet/protocol";
import { loadModel, startRuntime } from "../../loading/load-model.ts";
import { loadedModel } from "../../loading/loaded-model.ts";
import { proveLoaded } from "../../loading/prove-loaded.ts";
import { RuntimeOrder } from "../../loading/runtime-order.ts";
import { whileLoading } from "../../loading/while-loading.ts";
import { withFirstRuntime } from "../../loading/with-first-runtime.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LoadedModel, RunnerHost } from "../../ports/runner-host.ts";
import { InlineRunner } from "./inline-runner.ts";

export interface InlineHostOptions {
  /** Processors of this device; one is left for everything else. */
  readonly cores: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Of this process, in which every release lies. */
  readonly memoryBytes: () => Promise<number | undefined>;
  /** Which runtimes there are; only those that the agent brings, when absent. */
  readonly runtimes?: RuntimeOrder;
}

/** Releases in the agent's own process: no second process's memory, and no boundary (docs/operations.md). */
export function inlineHost(options: InlineHostOptions): RunnerHost {
  const { cores, clock, memoryBytes } = options;
  const order = options.runtimes ?? new RuntimeOrder({ isInstalled: () => false });
  const threads = Math.max(1, Math.min(cores - 1, runnerLimits.threadsMax));
  return {
    load: (staged, signal, purpose) =>
      withFirstRuntime(order, staged, async ({ id, search, files }): Promise<LoadedModel> => {
        signal.throwIfAborted();
        const runner = new InlineRunner(clock);
        try {
          const times = whileLoading(staged.document.limits.loadMs);
          const runtime = await startRuntime(runner, id, { search, times });
          signal.throwIfAborted();
          const signature = await loadModel(runner, staged, { files, threads });
          signal.throwIfAborted();
          const golden = await proveLoaded(runner, { staged, signature, purpose, clock });
          signal.throwIfAborted();
          const promote = () => undefined;
          const parts = { staged, signature, golden, runtime, memoryBytes, promote };
          return { ...loadedModel(runner, parts), pipelined: () => runner.pipelined() };
        } catch (error) {
          await runner.stop();
          throw error;
        }
      }),
  };
}
