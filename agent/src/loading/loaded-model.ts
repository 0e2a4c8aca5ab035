import type { TensorSpec } from "@modelfleet/protocol";
import { InferError } from "../domain/infer-error.ts";
import type { ModelSignature } from "../domain/serving/compare-signature.ts";
import type { Tensor } from "../domain/tensor.ts";
import type {
  GoldenResult,
  LoadedModel,
  RuntimeChoice,
  StagedRelease,
} from "../ports/runner-host.ts";
import { FrameError } from "../wire/frame.ts";
import { RunTimes } from "./run-times.ts";
import type { RequestTimes, Runner } from "./runner.ts";
import { RunnerGone } from "./runner-gone.ts";

export interface LoadedParts {
  readonly staged: StagedRelease;
  readonly signature: ModelSignature;
  readonly golden: GoldenResult;
  readonly runtime: RuntimeChoice;
  readonly memoryBytes: () => Promise<number | undefined>;
  readonly promote: () => void;
}

/** A proven runner as the router sees it. */
export function loadedModel(runner: Runner, parts: LoadedParts): LoadedModel {
  const { staged, signature, golden, runtime, memoryBytes, promote } = parts;
  const runMsMax = staged.document.limits.inferMs;
  const times = new RunTimes(golden.p95Ms);
  return {
    staged,
    golden,
    runtime,
    memoryBytes,
    promote,
    inputs: signature.inputs,
    outputs: signature.outputs,
    exited: runner.exited,
    stop: () => runner.stop(),
    infer: (tensors, { timeoutMs, outputs = [] }) =>
      runOnce(runner, { tensors, outputs, specs: signature.outputs, runMsMax, times, timeoutMs }),
  };
}

export interface RunOnce extends RequestTimes {
  readonly tensors: readonly Tensor[];
  /** All when empty. */
  readonly outputs: readonly string[];
  /** Of all outputs. */
  readonly specs: readonly TensorSpec[];
}

/** @throws InferError */
export async function runOnce(
  runner: Pick<Runner, "ask">,
  run: RunOnce,
): Promise<readonly Tensor[]> {
  const { tensors, outputs, specs, ...times } = run;
  const answer = await runner.ask({ kind: "infer", tensors, outputs }, times).catch(refuse);
  if (answer.kind === "answer") {
    refuseOtherOutputs(answer.tensors, specs, outputs);
    return answer.tensors;
  }
  if (answer.kind === "failed" && (answer.code === "BAD_TENSOR" || answer.code === "RUN_FAILED")) {
    throw new InferError(answer.code, answer.message);
  }
  throw new InferError("RUN_FAILED", `expected tensors of the runner, got ${answer.kind}`);
}

/** A model that has taken over its runner may answer anything; applications get what was asked for, or an error. */
function refuseOtherOutputs(
  got: readonly Tensor[],
  specs: readonly TensorSpec[],
  wanted: readonly string[],
): void {
  const count = wanted.length === 0 ? specs.length : wanted.length;
  const isAsked =
    got.length === count &&
    got.every((tensor, i) => {
      const spec = wanted.length === 0 ? specs[i] : specs.find(({ name }) => name === wanted[i]);
      return spec?.name === tensor.name && spec.dtype === tensor.dtype;
    });
  if (isAsked) return;
  throw new InferError("RUN_FAILED", "expected the outputs asked for of the runner, got others");
}

/** What is worth another try elsewhere is a crash. */
const codes = {
  ENDED: "RUNNER_CRASH",
  OVER_MEMORY: "RUNNER_CRASH",
  HUNG: "RUNNER_CRASH",
  TOO_LONG: "DEADLINE_EXCEEDED",
  LATE: "DEADLINE_EXCEEDED",
} as const satisfies Record<RunnerGone["code"], string>;

function refuse(error: unknown): never {
  if (error instanceof RunnerGone) {
    throw new InferError(codes[error.code], error.message, { cause: error });
  }
  if (error instanceof FrameError)
    throw new InferError("BAD_TENSOR", error.message, { cause: error });
  throw error;
}
