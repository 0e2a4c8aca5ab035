import { InferError } from "../../domain/infer-error.ts";
import type { ModelSignature } from "../../domain/serving/compare-signature.ts";
import type { Tensor } from "../../domain/tensor.ts";
import type { GoldenResult, LoadedModel, StagedRelease } from "../../ports/runner-host.ts";
import { FrameError } from "../../wire/frame.ts";
import type { RunnerChild } from "./runner-child.ts";
import { RunnerGone } from "./runner-gone.ts";

export interface LoadedParts {
  readonly staged: StagedRelease;
  readonly signature: ModelSignature;
  readonly golden: GoldenResult;
  readonly promote: () => void;
}

/** A proven runner as the router sees it. */
export function loadedModel(child: RunnerChild, parts: LoadedParts): LoadedModel {
  const { staged, signature, golden, promote } = parts;
  const runMsMax = staged.document.limits.inferMs;
  return {
    staged,
    golden,
    promote,
    inputs: signature.inputs,
    outputs: signature.outputs,
    exited: child.exited,
    stop: () => child.stop(),
    infer: (tensors, { timeoutMs, outputs = [] }) =>
      runOnce(child, { tensors, outputs, runMsMax, timeoutMs }),
  };
}

export interface RunOnce {
  readonly tensors: readonly Tensor[];
  /** All when empty. */
  readonly outputs: readonly string[];
  readonly runMsMax: number;
  readonly timeoutMs?: number;
}

/** @throws InferError */
export async function runOnce(child: RunnerChild, run: RunOnce): Promise<readonly Tensor[]> {
  const { tensors, outputs, ...times } = run;
  const answer = await child.ask({ kind: "infer", tensors, outputs }, times).catch(refuse);
  if (answer.kind === "answer") return answer.tensors;
  if (answer.kind === "failed" && answer.code !== "LOAD_FAILED") {
    throw new InferError(answer.code, answer.message);
  }
  throw new InferError("RUN_FAILED", `expected tensors of the runner, got ${answer.kind}`);
}

function refuse(error: unknown): never {
  if (error instanceof RunnerGone) {
    const code = error.code === "ENDED" ? "RUNNER_CRASH" : "DEADLINE_EXCEEDED";
    throw new InferError(code, error.message, { cause: error });
  }
  if (error instanceof FrameError)
    throw new InferError("BAD_TENSOR", error.message, { cause: error });
  throw error;
}
