import type { io } from "@tensorflow/tfjs-core";
import { seededRandom } from "../random.ts";
import { loadTfjs } from "./load-tfjs.ts";
import { jsonBytes, type TfjsModel } from "./tfjs-model.ts";

export type DenseLayers = {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly seed: number;
};

/**
 * A classifier of two dense layers, `pixels` [N, inputs] to `classes` [N, outputs], defined and saved by the library
 * itself. The same sizes and seed give the same bytes. Its weights lie in two files, as large models have them.
 */
export async function denseLayersModel(sizes: DenseLayers): Promise<TfjsModel> {
  const { inputs, hidden, outputs, seed } = sizes;
  const { core, layers } = await loadTfjs("cpu");
  const random = seededRandom(seed);
  const model = layers.sequential({
    layers: [
      layers.layers.dense({
        name: "pixels",
        units: hidden,
        inputShape: [inputs],
        activation: "relu",
        kernelInitializer: "zeros",
      }),
      layers.layers.dense({
        name: "classes",
        units: outputs,
        activation: "softmax",
        kernelInitializer: "zeros",
      }),
    ],
  });
  const weights = model.weights.map((weight) => {
    const { shape } = weight;
    const size = shape.reduce<number>((product, length) => product * (length ?? 1), 1);
    const values = Float32Array.from({ length: size }, () => random.next() - 0.5);
    return core.tensor(
      values,
      shape.map((length) => length ?? 1),
    );
  });
  model.setWeights(weights);
  const saved = await saveModel(core, model);
  core.dispose(weights);
  model.dispose();
  const specs = { dtype: "float32" } as const;
  return {
    files: shardsOf(saved),
    io: {
      inputs: [{ ...specs, name: "pixels_input", shape: [-1, inputs] }],
      outputs: [{ ...specs, name: "classes", shape: [-1, outputs] }],
    },
  };
}

type Saves = { readonly save: (handler: io.IOHandler) => Promise<unknown> };
type Core = Awaited<ReturnType<typeof loadTfjs>>["core"];

async function saveModel(core: Core, model: Saves): Promise<io.ModelArtifacts> {
  const saved: io.ModelArtifacts[] = [];
  await model.save(
    core.io.withSaveHandler((artifacts) => {
      saved.push(artifacts);
      return Promise.resolve({
        modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" },
      });
    }),
  );
  const [artifacts] = saved;
  if (artifacts === undefined) throw new TypeError("expected the library to save the model");
  return artifacts;
}

function shardsOf(artifacts: io.ModelArtifacts): ReadonlyMap<string, Uint8Array> {
  const { modelTopology, weightSpecs, weightData, format, generatedBy } = artifacts;
  if (!(weightData instanceof ArrayBuffer)) throw new TypeError("expected weights in one piece");
  const bytes = new Uint8Array(weightData);
  // In the middle of a number: shards are cut where they are full.
  const cut = Math.floor(bytes.length / 2) + 1;
  const paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"] as const;
  const weightsManifest = [{ paths, weights: weightSpecs }];
  return new Map([
    ["model.json", jsonBytes({ format, generatedBy, modelTopology, weightsManifest })],
    [paths[0], bytes.slice(0, cut)],
    [paths[1], bytes.slice(cut)],
  ]);
}
