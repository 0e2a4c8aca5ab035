import { measureLimits, type ReleaseDocument } from "@modelfleet/protocol";
import type { InferErrorCode } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import { hasNonFinite } from "./has-non-finite.ts";
import { createOutputWindow, type OutputWindow } from "./output-window.ts";
import { createRecentNumbers } from "./recent-numbers.ts";

/** One live request and what became of it, as the router tells it. */
export interface LiveOutcome {
  readonly outputs: readonly Tensor[] | undefined;
  readonly latencyUs: number;
  readonly errorCode?: InferErrorCode;
  readonly isUnsent?: boolean;
}

/**
 * How a release does on live requests, in memory of fixed size: what another release is compared with.
 * Kept nowhere: after a restart of the agent it begins anew.
 */
export interface LiveMeasures {
  readonly observe: (outcome: LiveOutcome) => void;
  readonly answered: () => number;
  /** Answers that failed for a reason of the model's own. */
  readonly failed: () => number;
  /** Answers with a NaN or an infinity in a float output. */
  readonly nonFinite: () => number;
  /** Of the latest answers; a copy. */
  readonly latenciesUs: () => Float64Array;
  /** By output name, of the outputs that were ever answered. */
  readonly outputs: () => ReadonlyMap<string, OutputWindow>;
}

type Measured = Pick<ReleaseDocument, "io" | "limits">;

export function createLiveMeasures({ io, limits }: Measured): LiveMeasures {
  const latencies = createRecentNumbers(measureLimits.latenciesKeptMax);
  const windows = new Map<string, OutputWindow>();
  let answered = 0;
  let failed = 0;
  let nonFinite = 0;

  function observe({ outputs, latencyUs, errorCode, isUnsent = false }: LiveOutcome): void {
    if (errorCode !== undefined || outputs === undefined) {
      if (!isUnsent && isOfModel(errorCode, latencyUs, limits.inferMs)) failed += 1;
      return;
    }
    latencies.push(latencyUs);
    if (outputs.some((tensor) => hasNonFinite(tensor, answered))) nonFinite += 1;
    for (const tensor of outputs) windowOf(tensor.name)?.observe(tensor, answered);
    answered += 1;
  }

  function windowOf(name: string): OutputWindow | undefined {
    const known = windows.get(name);
    if (known !== undefined || windows.size >= measureLimits.outputsMax) return known;
    const spec = io.outputs.find((output) => output.name === name);
    if (spec === undefined) return undefined;
    const opened = createOutputWindow(spec);
    windows.set(name, opened);
    return opened;
  }

  return {
    observe,
    answered: () => answered,
    failed: () => failed,
    nonFinite: () => nonFinite,
    latenciesUs: latencies.latest,
    outputs: () => windows,
  };
}

/** A caller's bad tensor or own short deadline says nothing about the model. */
function isOfModel(code: InferErrorCode | undefined, latencyUs: number, inferMs: number): boolean {
  if (code === "RUNNER_CRASH" || code === "RUN_FAILED") return true;
  return code === "DEADLINE_EXCEEDED" && latencyUs >= inferMs * 1_000;
}
