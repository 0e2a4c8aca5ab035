import type { ReleaseDocument, Sha256, TensorSpec } from "@modelfleet/protocol";
import type { GoldenResult } from "../domain/golden/golden-result.ts";
import type { Tensor } from "../domain/tensor.ts";

export type { GoldenResult } from "../domain/golden/golden-result.ts";

/** A release whose files are on disk and verified against its signed digests. */
export interface StagedRelease {
  readonly release: Sha256;
  readonly document: ReleaseDocument;
  /** Absolute path of each listed file, by its path in the release. */
  readonly files: ReadonlyMap<string, string>;
}

/** Which runtime holds a release, and why that one (agent.md 1). */
export interface RuntimeChoice {
  /** `onnxruntime-node`, `onnxruntime-web`, `tfjs-node`, `tfjs-wasm`, `tfjs-cpu`: see `RuntimeId`. */
  readonly id: string;
  readonly version: string;
  /** `first choice of this platform`, or what kept those before it from loading. */
  readonly reason: string;
}

/**
 * `trial`: beside a release that answers, from which it takes no processor time. `in-place`: a trial while nobody answers.
 * `restore`: it was proven here before, so its answers are checked again, and its speed is not judged.
 */
export type LoadPurpose = "trial" | "in-place" | "restore";

/** One release loaded in a process of its own, warm, and proven by its golden cases. */
export interface LoadedModel {
  readonly staged: StagedRelease;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly golden: GoldenResult;
  readonly runtime: RuntimeChoice;
  /** Bytes of memory its process takes now: PSS, or resident where the system does not tell; undefined once it is gone. */
  readonly memoryBytes: () => Promise<number | undefined>;
  /**
   * One inference. Requests are answered in the order they were given.
   *
   * @throws InferError DEADLINE_EXCEEDED | RUNNER_CRASH | RUN_FAILED | BAD_TENSOR
   */
  readonly infer: (inputs: readonly Tensor[], options: InferOptions) => Promise<readonly Tensor[]>;
  /** How many it may be given at once, as things are; `runnerLimits.pipelinedMax` where absent. */
  readonly pipelined?: () => number;
  /** It answers live requests from now on: its process leaves the low priority it was prepared at. */
  readonly promote: () => void;
  /** Ends with the reason when the process dies, for whatever cause. */
  readonly exited: Promise<string>;
  /** Ask it to end; SIGKILL after `runnerLimits.stopMsMax`. Resolves when the process is gone. */
  readonly stop: () => Promise<void>;
}

export interface InferOptions {
  /** Names of the outputs wanted; all when absent. */
  readonly outputs?: readonly string[];
  readonly timeoutMs: number;
}

/** Starts runner processes. */
export interface RunnerHost {
  /**
   * Load, warm and prove a release. The model that serves is not touched.
   *
   * @throws ReleaseRefused with the code and the evidence
   */
  readonly load: (
    staged: StagedRelease,
    signal: AbortSignal,
    purpose: LoadPurpose,
  ) => Promise<LoadedModel>;
}
