import { elementTypes } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";
import { writeJsonTensor } from "../../domain/serving/write-json-tensor.ts";
import type { Tensor } from "../../domain/tensor.ts";
import { type HttpAnswer, textAnswer } from "./http-answer.ts";
import type { ParsedInfer } from "./parse-infer-request.ts";

export interface AnsweredBy {
  readonly model: string;
  /** Version of the release that gave the answer. */
  readonly version: string;
}

/** @throws InferError BAD_TENSOR when FP16 is wanted as JSON */
export function writeInferAnswer(
  { model, version }: AnsweredBy,
  outputs: readonly Tensor[],
  { id, isBinary }: ParsedInfer,
): HttpAnswer {
  const head = JSON.stringify({ model_name: model, model_version: version, id });
  const tensors = outputs.map((tensor) =>
    isBinary(tensor.name) ? writeBinaryHeader(tensor) : writeText(tensor),
  );
  const json = `${head.slice(0, -1)},"outputs":[${tensors.join(",")}]}`;
  const binary = outputs.filter(({ name }) => isBinary(name)).map(({ bytes }) => bytes);
  if (binary.length === 0) return textAnswer(200, json);
  const jsonBytes = Buffer.from(json);
  return {
    status: 200,
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(jsonBytes.length),
    },
    body: [jsonBytes, ...binary],
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
