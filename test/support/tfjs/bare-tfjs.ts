import type { io, Tensor } from "@tensorflow/tfjs-core";
import { loadTfjs } from "./load-tfjs.ts";
import type { TfjsModel } from "./tfjs-model.ts";

/** The answer of the library itself to one tensor of numbers: what a device must answer, bit by bit. */
export async function bareTfjsAnswer(
  backend: "cpu" | "wasm",
  { files }: TfjsModel,
  { values, shape }: { readonly values: readonly number[]; readonly shape: readonly number[] },
): Promise<Buffer> {
  const { core, layers } = await loadTfjs(backend);
  const json = JSON.parse(new TextDecoder().decode(files.get("model.json"))) as SavedModel;
  const weights = json.weightsManifest.flatMap(({ paths }) => paths.map((path) => files.get(path)));
  const artifacts = {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
    weightData: new Uint8Array(Buffer.concat(weights.flatMap((bytes) => bytes ?? []))).buffer,
  };
  const model = await layers.loadLayersModel(core.io.fromMemory(artifacts));
  const answer = model.predict(core.tensor([...values], [...shape])) as Tensor;
  const { buffer, byteOffset, byteLength } = await answer.data<"float32">();
  model.dispose();
  return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
}

type SavedModel = {
  readonly modelTopology: object;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: io.WeightsManifestEntry[];
  }[];
};
