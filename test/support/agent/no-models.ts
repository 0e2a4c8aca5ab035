/** Files that no runtime takes for a model, each with its name; one is half of the model given. */
export function noModels(onnx: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  return [
    ["random bytes", Buffer.from("this is no model at all, only a text of some length")],
    ["a truncated model", onnx.subarray(0, onnx.length / 2)],
    ["an empty file", Buffer.alloc(0)],
    ["zeros", Buffer.alloc(4_096)],
  ];
}
