import { elementTypes } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import { writeJsonTensor } from "../serving/write-json-tensor.ts";
import type { Tensor } from "../tensor.ts";
import type { ParsedInfer } from "./parse-infer-request.ts";
import type { ServedAnswer } from "./served-models.ts";

/** An answer of the Open Inference Protocol v2: its JSON part, and the binary data that follows it, if any was asked for. */
export interface InferAnswer {
  readonly json: string;
  readonly binary: readonly Uint8Array[];
}

/** @throws InferError BAD_TENSOR when FP16 is wanted as JSON */
export function writeInferAnswer(
  { model, outputs, isSequenceReset }: ServedAnswer,
  { id, isBinary }: ParsedInfer,
): InferAnswer {
  const { model: name, version } = model.staged.document;
  const parameters = isSequenceReset === true ? { sequence_reset: true } : undefined;
  const head = JSON.stringify({ model_name: name, model_version: version, id, parameters });
  const tensors = outputs.map((tensor) =>
    isBinary(tensor.name) ? writeBinaryHeader(tensor) : writeText(tensor),
  );
  return {
    json: `${head.slice(0, -1)},"outputs":[${tensors.join(",")}]}`,
    binary: outputs.filter(({ name }) => isBinary(name)).map(({ bytes }) => bytes),
  };
}

function writeBinaryHeader({ name, dtype, shape, bytes }: Tensor): string {
  const parameters = { binary_data_size: bytes.length };
  return JSON.stringify({ name, datatype: elementTypes[dtype].oip, shape, parameters });
}

function writeText(tensor: Tensor): string {
  if (tensor.dtype !== "float16") return writeJsonTensor(tensor);
  throw new InferError(
    "BAD_TENSOR",
    `output ${tensor.name}: expected the parameter binary_data true, since FP16 has no form in JSON`,
  );
}
