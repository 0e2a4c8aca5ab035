import type { ReleaseDocument, Sha256, SlotName, TensorSpec } from "@modelfleet/protocol";
import type { InferErrorCode } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";

/** What the router needs of a loaded model. */
export interface RoutedModel {
  readonly staged: { readonly release: Sha256; readonly document: ReleaseDocument };
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly promote: () => void;
  readonly exited: Promise<string>;
  /** How many requests it may be given at once, as things are; `runnerLimits.pipelinedMax` where absent. */
  readonly pipelined?: () => number;
  readonly infer: (
    inputs: readonly Tensor[],
    options: { readonly outputs?: readonly string[]; readonly timeoutMs: number },
  ) => Promise<readonly Tensor[]>;
}

export interface RoutedRequest {
  readonly slot: SlotName;
  /** What the observer is told of it, so that a label that comes later finds it. */
  readonly id?: string;
  /** Only this release may answer; whichever is active when absent. */
  readonly release?: Sha256;
  /** Only the release in this role may answer, whatever the share of a canary. */
  readonly role?: ServingRole;
  /** Decides, by its hash, whether a canary answers; a request without one is placed by chance. */
  readonly key?: string;
  /** Whose answers this one continues. */
  readonly sequence?: SequencePlace;
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted; all when absent. */
  readonly outputs?: readonly string[];
  readonly timeoutMs: number;
  /**
   * Whether nobody waits for the answer any more: then no model is asked. One of a sequence is asked all the same, for it
   * moves its sequence on.
   */
  readonly isUnwanted?: () => boolean;
}

export interface SequencePlace {
  readonly id: string;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** Who answered: the release that serves, or one that is tried on a share of the requests. */
export type ServingRole = "stable" | "canary";

/** A slot that has a model; `isReady`: its process is alive. */
export interface RoutedSlot<Model extends RoutedModel> {
  readonly slot: SlotName;
  readonly model: Model;
  readonly isReady: boolean;
  /** The release that is tried on a share of the requests, while one is. */
  readonly canary?: { readonly model: Model; readonly isReady: boolean };
}

export interface RoutedAnswer<Model extends RoutedModel> {
  /** The model that gave this answer, which may no longer be the active one. */
  readonly model: Model;
  readonly outputs: readonly Tensor[];
  /** The sequence began anew at this answer: its state could not be carried over. */
  readonly isSequenceReset?: boolean;
}

/** One request and what became of it, for telemetry. */
export interface Observation<Model extends RoutedModel> {
  readonly slot: SlotName;
  readonly staged: Model["staged"];
  readonly role: ServingRole;
  /** See `RoutedRequest`. */
  readonly id?: string | undefined;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[] | undefined;
  /** From admission to the answer, microseconds. */
  readonly latencyUs: number;
  readonly errorCode?: InferErrorCode;
  /** It failed without its model having been asked: the queue was full, or its time was over there. */
  readonly isUnsent?: boolean;
}
