import type { TensorSpec } from "@modelfleet/protocol";
import type { WireTensor } from "../wire/wire-tensor.ts";

/** One way to run models in this process. Each is loaded only when it is asked for. */
export interface Runtime {
  /** @throws the runtime's own error when the file is not a model it can run */
  readonly load: (path: string, options: RuntimeOptions) => Promise<RuntimeModel>;
}

export interface RuntimeOptions {
  readonly threads: number;
}

export interface RuntimeModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Name and version, like `onnxruntime-node 1.30.0`. */
  readonly runtime: string;
  /**
   * @param outputs names of the outputs wanted; all when empty
   * @throws TensorRefused when a tensor cannot be given to the runtime at all; else the runtime's own error
   */
  readonly run: (
    tensors: readonly WireTensor[],
    outputs: readonly string[],
  ) => Promise<readonly WireTensor[]>;
}

/** The caller's tensor is at fault, not the model. */
export class TensorRefused extends Error {
  override readonly name = "TensorRefused";
}
