import * as z from "zod";
import { tfjsLimits } from "../../limits.ts";
import { ModelFormatError } from "../onnx/model-format-error.ts";
import type { TensorSpec } from "../tensor-spec.ts";

/** The shape follows from the layers, and is known only to who runs them; a graph says it. */
export type TfjsOutput = TensorSpec | { readonly name: string; readonly shape?: never };

const Name = z.string().min(1).max(256);
const Shape = z.array(z.int().min(0).nullable()).max(tfjsLimits.rankMax);

const Layer = z.object({
  class_name: z.string(),
  config: z
    .object({
      name: Name.optional(),
      dtype: z.unknown().optional(),
      batch_input_shape: Shape.optional(),
    })
    .loose(),
});
type Layer = z.infer<typeof Layer>;

/** `[layer, node, tensor]`; one alone may stand without the outer list. */
const Place = z.tuple([Name], z.unknown());
const Places = z.union([z.array(Place).min(1).max(64), Place.transform((place) => [place])]);

const Layers = z.array(Layer).min(1).max(tfjsLimits.layersMax);
const Sequential = z.object({
  class_name: z.literal("Sequential"),
  config: z.union([
    Layers.transform((layers) => ({ layers })),
    z.object({ name: Name.optional(), layers: Layers }),
  ]),
});
const Functional = z.object({
  class_name: z.enum(["Model", "Functional"]),
  config: z.object({ layers: Layers, input_layers: Places, output_layers: Places }),
});

type LayersIo = { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TfjsOutput[] };

/**
 * What a model of layers takes and gives, by the names of its layers. The shapes of outputs are not in the file.
 *
 * @throws ModelFormatError MODEL_FORMAT
 */
export function layersIo(topology: Readonly<Record<string, unknown>>): LayersIo {
  const model = topology["model_config"] ?? topology;
  const sequential = Sequential.safeParse(model);
  if (sequential.success) return sequentialIo(sequential.data.config.layers);
  const functional = Functional.safeParse(model);
  if (functional.success) return functionalIo(functional.data);
  throw unreadable("expected a Sequential or a functional model with its layers");
}

function sequentialIo(layers: readonly Layer[]): LayersIo {
  const [first] = layers;
  const last = layers.at(-1)?.config.name;
  if (first === undefined || last === undefined) throw unreadable("expected named layers");
  return { inputs: firstInputs(first), outputs: [{ name: last }] };
}

/** A model may begin with another one, whose input is then its own. */
function firstInputs(first: Layer, depth = 0): readonly TensorSpec[] {
  if (depth > tfjsLimits.nestingMax) throw unreadable("expected models nested less deep");
  const nested = Sequential.safeParse(first);
  const [inner] = nested.success ? nested.data.config.layers : [];
  if (inner !== undefined) return firstInputs(inner, depth + 1);
  const functional = Functional.safeParse(first);
  if (functional.success) return functionalIo(functional.data).inputs;
  const { name } = first.config;
  // What TensorFlow.js puts before a first layer that is not an input has this name.
  const inputName = first.class_name === "InputLayer" ? name : name && `${name}_input`;
  return [inputOf(first, inputName)];
}

function functionalIo({ config }: z.infer<typeof Functional>): LayersIo {
  const layerOf = new Map(config.layers.map((layer) => [layer.config.name, layer]));
  const inputs = config.input_layers.map(([name]) => inputOf(layerOf.get(name), name));
  const outputs = config.output_layers.map(([name]) => ({ name }));
  for (const side of [inputs, outputs]) {
    if (new Set(side.map(({ name }) => name)).size === side.length) continue;
    throw unreadable("expected inputs and outputs of different layers, got one layer twice");
  }
  return { inputs, outputs };
}

function inputOf(layer: Layer | undefined, name: string | undefined): TensorSpec {
  const shape = layer?.config.batch_input_shape;
  if (layer === undefined || name === undefined || shape === undefined) {
    throw unreadable(`expected the shape of input ${name ?? "?"} (batch_input_shape), got none`);
  }
  const dtype = layer.config.dtype ?? "float32";
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool" && dtype !== "string") {
    throw unreadable(`expected input ${name} of float32, int32, bool or string`);
  }
  return { name, dtype, shape: shape.map((size) => size ?? -1) };
}

function unreadable(reason: string): ModelFormatError {
  return new ModelFormatError("MODEL_FORMAT", `${reason} in the topology of the layers-model`);
}
