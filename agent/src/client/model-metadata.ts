import { fieldsOf, listOf, textOf, wholeOf } from "./read-answer.ts";

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorForm[];
  readonly outputs: readonly TensorForm[];
}

export interface TensorForm {
  readonly name: string;
  readonly datatype: string;
  /** −1 where the model leaves a dimension free. */
  readonly shape: readonly number[];
}

/** @throws AgentError PROTOCOL */
export function readMetadata(value: unknown): ModelMetadata {
  const model = fieldsOf(value, "a model");
  return {
    name: textOf(model["name"], "name"),
    versions: listOf(model["versions"], "versions").map((version) => textOf(version, "a version")),
    platform: textOf(model["platform"], "platform"),
    inputs: listOf(model["inputs"], "inputs").map(readForm),
    outputs: listOf(model["outputs"], "outputs").map(readForm),
  };
}

function readForm(value: unknown): TensorForm {
  const form = fieldsOf(value, "a tensor");
  return {
    name: textOf(form["name"], "name"),
    datatype: textOf(form["datatype"], "datatype"),
    shape: listOf(form["shape"], "shape").map((size) => wholeOf(size, "a size")),
  };
}
