import type { Tensor } from "@tensorflow/tfjs-core";
import type { WireTensor } from "../../wire/wire-tensor.ts";
import type { TfjsLibrary } from "./library.ts";
import { fromTfjs, toTfjs } from "./tfjs-tensor.ts";

export interface ScopedRun {
  readonly tensors: readonly WireTensor[];
  /** Names of the outputs in the order `execute` gives them. */
  readonly outputs: readonly string[];
  readonly execute: (inputs: ReadonlyMap<string, Tensor>) => Promise<readonly Tensor[]>;
}

/**
 * One inference that leaves no tensor behind, however it ends: memory of the backend is nobody's to collect.
 * Runs must not overlap, for a scope ends with everything made since it began.
 */
export async function runScoped(
  library: TfjsLibrary,
  { tensors, outputs, execute }: ScopedRun,
): Promise<readonly WireTensor[]> {
  library.engine().startScope("run");
  try {
    const inputs = new Map(tensors.map((tensor) => [tensor.name, toTfjs(tensor, library)]));
    const answers = await execute(inputs);
    return await Promise.all(outputs.map((name, i) => fromTfjs(name, present(answers[i], name))));
  } finally {
    library.engine().endScope();
  }
}

function present(tensor: Tensor | undefined, name: string): Tensor {
  if (tensor === undefined) throw new TypeError(`expected output ${name}, got none`);
  return tensor;
}
