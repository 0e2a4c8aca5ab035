import type { GraphModel } from "@tensorflow/tfjs-converter";
import type { io, NamedTensorMap, Tensor } from "@tensorflow/tfjs-core";
import type { RuntimeModel } from "../runtime.ts";
import { graphSignature } from "./graph-signature.ts";
import type { TfjsLibrary } from "./library.ts";
import { runScoped } from "./run-scoped.ts";

/** A graph made from a SavedModel. Inputs and outputs have the names of its signature. */
export async function graphModel(
  library: TfjsLibrary,
  artifacts: io.ModelArtifacts,
): Promise<RuntimeModel> {
  const { inputs, outputs } = graphSignature(artifacts);
  const model = await library.loadGraphModel({ load: () => Promise.resolve(artifacts) });
  const execute = executorOf(model);
  const names = outputs.map(({ name }) => name);
  return {
    inputs,
    outputs,
    run: (tensors, wanted) => {
      const ordered = wanted.length === 0 ? names : wanted;
      return runScoped(library, {
        tensors,
        outputs: ordered,
        execute: (given) => execute(Object.fromEntries(given), [...ordered]),
      });
    },
    dispose: () => {
      model.dispose();
      return Promise.resolve();
    },
  };
}

type Execute = (inputs: NamedTensorMap, outputs: string[]) => Promise<readonly Tensor[]>;

/**
 * A graph with loops, or with outputs whose size depends on the values, runs asynchronously only; any other runs
 * faster without. The library says which it is when it is asked the first time, and that is the warm-up.
 */
function executorOf(model: GraphModel): Execute {
  let isAsync = false;
  return async (inputs, outputs) => {
    if (!isAsync) {
      try {
        return listOf(model.execute(inputs, outputs));
      } catch (error) {
        if (!asksForAsync(error)) throw error;
        isAsync = true;
      }
    }
    return listOf(await model.executeAsync(inputs, outputs));
  };
}

function asksForAsync(error: unknown): boolean {
  return error instanceof Error && error.message.includes("model.executeAsync()");
}

function listOf(answers: Tensor | Tensor[]): readonly Tensor[] {
  return Array.isArray(answers) ? answers : [answers];
}
