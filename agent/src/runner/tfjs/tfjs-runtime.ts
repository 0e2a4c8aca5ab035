import type { Runtime } from "../runtime.ts";
import { graphModel } from "./graph-model.ts";
import { layersModel } from "./layers-model.ts";
import { proveLibrary, type TfjsLibrary } from "./library.ts";
import { readArtifacts } from "./read-artifacts.ts";

/** TensorFlow.js on the backend that is set. Models come from the memory of this process; nothing is fetched. */
export async function tfjsRuntime(name: string, library: TfjsLibrary): Promise<Runtime> {
  library.env().platform.fetch = refuseFetch;
  await proveLibrary(library);
  return {
    name,
    load: async (files) => {
      const artifacts = await readArtifacts(files);
      const isGraph = artifacts.format === "graph-model";
      const model = await (isGraph ? graphModel : layersModel)(library, artifacts);
      // A graph keeps what it was made from; the weights are tensors by now.
      delete artifacts.weightData;
      return model;
    },
  };
}

function refuseFetch(path: string): Promise<never> {
  return Promise.reject(new TypeError(`expected no request from a runner, got one for ${path}`));
}
