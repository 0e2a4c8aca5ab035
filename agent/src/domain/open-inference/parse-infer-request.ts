import { serveLimits } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import { dtypeOf } from "../serving/dtype-of.ts";
import { parseJsonTensor } from "../serving/parse-json-tensor.ts";
import type { Tensor } from "../tensor.ts";
import {
  fieldsOf,
  flagOf,
  type JsonFields,
  listOf,
  optionalFields,
  textOf,
  wholeOf,
} from "./json-fields.ts";
import { parseParameters, type RequestParameters } from "./parse-parameters.ts";
import { RequestRefused } from "./request-refused.ts";

/** A request of the Open Inference Protocol v2, decoded. */
export interface ParsedInfer
  extends Pick<RequestParameters, "timeoutMs" | "requestKey" | "sequence"> {
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  /** Undefined: every output. */
  readonly outputs: readonly string[] | undefined;
  /** Whether this output is wanted as binary data. */
  readonly isBinary: (output: string) => boolean;
}

const TENSORS_MAX = 64;
const NAME_CHARACTERS_MAX = 256;
const RANK_MAX = 16;

/**
 * @param headerLength value of `Inference-Header-Content-Length`: the length of the JSON part, the binary data follows
 * @throws RequestRefused FORMAT; InferError BAD_TENSOR
 */
export function parseInferRequest(body: Uint8Array, headerLength: string | undefined): ParsedInfer {
  const jsonBytes = readHeaderLength(headerLength, body.length);
  refuseLongJson(jsonBytes);
  const request = fieldsOf(parseJson(body.subarray(0, jsonBytes)), "body");
  const { isBinaryByDefault, ...parameters } = parseParameters(request["parameters"]);
  const binary = new BinaryData(body.subarray(jsonBytes));
  const inputs = inputsOf(request["inputs"]).map((input, i) =>
    parseInput(fieldsOf(input, `inputs[${i}]`), binary),
  );
  binary.refuseRest();
  const outputs = parseOutputs(request["outputs"]);
  return {
    id: request["id"] === undefined ? undefined : textOf(request["id"], "id", NAME_CHARACTERS_MAX),
    inputs,
    outputs: outputs && [...outputs.keys()],
    isBinary: (output) => outputs?.get(output) ?? isBinaryByDefault,
    ...parameters,
  };
}

function inputsOf(value: unknown): readonly unknown[] {
  if (value !== undefined) return listOf(value, "inputs", TENSORS_MAX);
  throw new RequestRefused(
    "FORMAT",
    `inputs: expected a list of 1 to ${TENSORS_MAX} tensors, got nothing`,
  );
}

function readHeaderLength(text: string | undefined, bodyLength: number): number {
  if (text === undefined) return bodyLength;
  const length = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (length <= bodyLength) return length;
  throw new RequestRefused(
    "FORMAT",
    `Inference-Header-Content-Length: expected a length of at most ${bodyLength} bytes, got ${text.slice(0, 32)}`,
  );
}

/** Parsed JSON takes many times its bytes, and no other request is answered meanwhile. */
function refuseLongJson(bytes: number): void {
  if (bytes <= serveLimits.jsonBytesMax) return;
  throw new RequestRefused(
    "TOO_LARGE",
    `expected at most ${serveLimits.jsonBytesMax} bytes of JSON, got ${bytes}; send tensors as binary data`,
  );
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** @throws RequestRefused FORMAT */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    const { length } = bytes;
    const expected =
      length === 0 ? "an object of JSON, got none" : `JSON in its first ${length} bytes`;
    throw new RequestRefused("FORMAT", `body: expected ${expected}`, { cause });
  }
}

/** The bytes behind the JSON part, taken in the order of the tensors. */
class BinaryData {
  readonly #bytes: Uint8Array;
  #used = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(name: string, length: number): Uint8Array {
    const end = this.#used + length;
    if (end > this.#bytes.length) {
      const left = this.#bytes.length - this.#used;
      throw new InferError(
        "BAD_TENSOR",
        `input ${name}: expected ${length} bytes of binary data, got ${left}`,
      );
    }
    const bytes = this.#bytes.subarray(this.#used, end);
    this.#used = end;
    return bytes;
  }

  refuseRest(): void {
    const rest = this.#bytes.length - this.#used;
    if (rest > 0) {
      throw new RequestRefused(
        "FORMAT",
        `body: expected the end after the tensors, got ${rest} more bytes`,
      );
    }
  }
}

function parseInput(input: JsonFields, binary: BinaryData): Tensor {
  const name = textOf(input["name"], "inputs: name", NAME_CHARACTERS_MAX);
  const place = `input ${name}`;
  const dtype = dtypeOf(textOf(input["datatype"], `${place}: datatype`, 64), name);
  const shape = listOf(input["shape"], `${place}: shape`, RANK_MAX).map((size) =>
    wholeOf(size, `${place}: shape`),
  );
  const parameters = optionalFields(input["parameters"], `${place}: parameters`);
  refuseForeign(parameters, place);
  const size = parameters["binary_data_size"];
  if (size !== undefined) {
    if (input["data"] !== undefined) {
      throw new InferError(
        "BAD_TENSOR",
        `${place}: expected either data or binary_data_size, got both`,
      );
    }
    const length = wholeOf(size, `${place}: binary_data_size`);
    return { name, dtype, shape, bytes: binary.take(name, length) };
  }
  if (dtype === "float16") {
    throw new InferError("BAD_TENSOR", `${place}: expected FP16 as binary data, got JSON`);
  }
  const data = listOf(input["data"], `${place}: data`, serveLimits.requestBytesMax);
  return parseJsonTensor({ name, dtype, shape, data });
}

/** Extensions of other servers that would change what a tensor is; to pass over them would answer with something else. */
function refuseForeign(parameters: JsonFields, place: string): void {
  for (const name of ["shared_memory_region", "classification"]) {
    if (parameters[name] === undefined) continue;
    throw new RequestRefused("FORMAT", `${place}: ${name}: expected none, it is not offered here`);
  }
}

/** Each wanted output, and whether as binary data; undefined where the request does not say. */
function parseOutputs(value: unknown): ReadonlyMap<string, boolean | undefined> | undefined {
  if (value === undefined) return undefined;
  const outputs = listOf(value, "outputs", TENSORS_MAX).map((item, i) => {
    const output = fieldsOf(item, `outputs[${i}]`);
    const name = textOf(output["name"], "outputs: name", NAME_CHARACTERS_MAX);
    const parameters = optionalFields(output["parameters"], `output ${name}: parameters`);
    refuseForeign(parameters, `output ${name}`);
    return [name, flagOf(parameters["binary_data"], `output ${name}: binary_data`)] as const;
  });
  // An empty list means every output, as no list does.
  return outputs.length === 0 ? undefined : new Map(outputs);
}
