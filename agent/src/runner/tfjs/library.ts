import type * as converter from "@tensorflow/tfjs-converter";
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";

/** What is used of TensorFlow.js; `@tensorflow/tfjs-node` brings all of it in one package. */
export type TfjsLibrary = Pick<typeof core, "engine" | "env" | "memory" | "neg" | "tensor"> &
  Pick<typeof layers, "loadLayersModel"> &
  Pick<typeof converter, "loadGraphModel">;

/** Runs something of ours on the backend. @throws the library's own error when it cannot run even that */
export async function proveLibrary({ engine, neg, tensor }: TfjsLibrary): Promise<void> {
  engine().startScope("probe");
  try {
    const [came] = await neg(tensor([2], [1], "float32")).data();
    if (came !== -2) throw new TypeError(`expected −2 of a probe, got ${String(came)}`);
  } finally {
    engine().endScope();
  }
}
