import type { TensorSpec } from "@modelfleet/protocol";
import type { io, Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import type { RuntimeModel } from "../runtime.ts";
import type { TfjsLibrary } from "./library.ts";
import { runScoped } from "./run-scoped.ts";
import { isTfjsType } from "./tfjs-tensor.ts";

/** A model of layers. Inputs and outputs have the names of their layers. */
export async function layersModel(
  library: TfjsLibrary,
  artifacts: io.ModelArtifacts,
): Promise<RuntimeModel> {
  const model = await library.loadLayersModel({ load: () => Promise.resolve(artifacts) });
  const inputs = model.inputs.map(readSpec);
  const outputs = model.outputs.map(readSpec);
  const names = outputs.map(({ name }) => name);
  return {
    inputs,
    outputs,
    run: async (tensors, wanted) => {
      const execute = (given: ReadonlyMap<string, Tensor>) =>
        Promise.resolve(predict(model, inputs, given));
      const answers = await runScoped(library, { tensors, outputs: names, execute });
      if (wanted.length === 0) return answers;
      return wanted.flatMap((name) => answers.filter((answer) => answer.name === name));
    },
    dispose: () => {
      model.dispose();
      return Promise.resolve();
    },
  };
}

function predict(
  model: LayersModel,
  inputs: readonly TensorSpec[],
  given: ReadonlyMap<string, Tensor>,
): readonly Tensor[] {
  const ordered = inputs.map(({ name }) => {
    const tensor = given.get(name);
    if (tensor === undefined) throw new TypeError(`expected input ${name}, got none`);
    return tensor;
  });
  const answers = model.predictOnBatch(ordered);
  return Array.isArray(answers) ? answers : [answers];
}

/** The tensor's own name would depend on what else this process has loaded; that of its layer does not. */
function readSpec({ sourceLayer, dtype, shape }: SymbolicTensor): TensorSpec {
  const { name } = sourceLayer;
  if (!isTfjsType(dtype)) throw new TypeError(`expected ${name} of real numbers or texts`);
  return { name, dtype, shape: shape.map((size) => size ?? -1) };
}
