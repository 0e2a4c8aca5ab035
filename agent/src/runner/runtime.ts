import type { TensorSpec } from "@modelfleet/protocol";
import type { WireTensor } from "../wire/wire-tensor.ts";

/** One way to run models, started in this process; see `loadRuntime`. */
export interface Runtime {
  /** Name and version, like `onnxruntime-node 1.30.0`. */
  readonly name: string;
  /** @throws the runtime's own error when the files are not a model it can run */
  readonly load: (files: ModelFiles, options: RuntimeOptions) => Promise<RuntimeModel>;
}

export interface ModelFiles {
  /** The model file; of tfjs its `model.json`. */
  readonly path: string;
  /** Files of weights, in the order the model file names them; none where it holds them itself. */
  readonly weights: readonly string[];
}

export interface RuntimeOptions {
  readonly threads: number;
}

export interface RuntimeModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * @param outputs names of the outputs wanted; all when empty
   * @throws TensorRefused when a tensor cannot be given to the runtime at all; else the runtime's own error
   */
  readonly run: (
    tensors: readonly WireTensor[],
    outputs: readonly string[],
  ) => Promise<readonly WireTensor[]>;
  /** Gives back what the model holds, once nothing runs any more. */
  readonly dispose: () => Promise<void>;
}

/** The caller's tensor is at fault, not the model. */
export class TensorRefused extends Error {
  override readonly name = "TensorRefused";
}

/** The runtime itself does not start on this device, whatever the model. */
export class RuntimeUnavailable extends Error {
  override readonly name = "RuntimeUnavailable";
}
