import type {
  FeatureSource,
  ReferenceProfile,
  ReleaseDocument,
  TensorSpec,
} from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";

/**
 * Whether a device would find all that the profile looks at: tensors this model has, of numbers where numbers are
 * counted, with as many elements. What the model leaves free is believed.
 *
 * @throws PublishError PROFILE
 */
export function checkProfile(profile: ReferenceProfile, io: ReleaseDocument["io"]): void {
  // Of an input and an output of one name, a device takes the output.
  const tensors = new Map([...io.inputs, ...io.outputs].map((spec) => [spec.name, spec]));
  const outputs = new Map(io.outputs.map((spec) => [spec.name, spec]));
  for (const { name, source } of profile.features) {
    const of = `feature ${name}`;
    const spec = found(of, source.tensor, tensors);
    refuseTexts(of, spec);
    refuseShort(of, spec, elementsOf(source));
  }
  for (const { name, source } of profile.categories ?? []) {
    const of = `category ${name}`;
    refuseShort(of, found(of, source.tensor, tensors), (source.index ?? 0) + 1);
  }
  for (const { name, source, classes } of profile.outputs) {
    const of = `output ${name}`;
    const spec = found(of, source.tensor, outputs);
    refuseTexts(of, spec);
    const twin = classes.find((word, at) => classes.indexOf(word) !== at);
    if (twin !== undefined) throw refused(of, `expected each class once, got ${twin} twice`);
    const size = itemSize(spec);
    if (size === undefined || size === classes.length) continue;
    throw refused(of, `expected a class for each of the ${size} values, got ${classes.length}`);
  }
}

function found(of: string, name: string, specs: ReadonlyMap<string, TensorSpec>): TensorSpec {
  const spec = specs.get(name);
  if (spec !== undefined) return spec;
  throw refused(
    of,
    `expected a tensor of the model (${[...specs.keys()].join(", ")}), got ${name}`,
  );
}

function refuseTexts(of: string, { name, dtype }: TensorSpec): void {
  if (dtype === "string") throw refused(of, `expected a tensor of numbers, got texts in ${name}`);
}

function refuseShort(of: string, spec: TensorSpec, elements: number): void {
  const size = itemSize(spec);
  if (size === undefined || elements <= size) return;
  throw refused(of, `expected at most ${size} elements in ${spec.name}, got number ${elements}`);
}

/** Elements a source looks at, counted from the first of an item. */
function elementsOf({ reduce, index = 0, range }: FeatureSource): number {
  return reduce === "element" ? index + 1 : (range?.[1] ?? 1);
}

/** Elements of one item; undefined where the model leaves a dimension free. */
function itemSize({ shape }: TensorSpec): number | undefined {
  const [, ...rest] = shape;
  return rest.includes(-1) ? undefined : rest.reduce((size, dimension) => size * dimension, 1);
}

function refused(of: string, why: string): PublishError {
  return new PublishError("PROFILE", `profile, ${of}: ${why}`);
}
