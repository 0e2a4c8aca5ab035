import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import { fromOrt, toOrt } from "../../../agent/src/runner/ort-tensor.ts";
import { loadOnnxruntime } from "../onnx/load-onnxruntime.ts";

export type BareModel = AsyncDisposable & {
  /** The outputs the bare library gives, by name. */
  readonly run: (inputs: readonly Tensor[]) => Promise<ReadonlyMap<string, Buffer>>;
};

/** A model in the bare library in this process: the reference for what a device must answer, bit by bit. */
export async function bareModel(onnx: Uint8Array): Promise<BareModel> {
  const ort = await loadOnnxruntime();
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  return {
    run: async (inputs) => {
      const feeds = Object.fromEntries(
        inputs.map((input) => [input.name, toOrt(input, ort.Tensor)]),
      );
      const answers = await session.run(feeds);
      return new Map(
        Object.entries(answers).map(([name, tensor]) => {
          return [name, Buffer.from(fromOrt(name, tensor).bytes)];
        }),
      );
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
