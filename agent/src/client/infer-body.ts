import { AgentError } from "./agent-error.ts";
import type { AgentReply } from "./agent-line.ts";
import { type Fields, fieldsOf, listOf, parseJson, textOf, wholeOf } from "./read-answer.ts";
import { decodeTensor, encodeTensor, type TensorInput, type TensorOutput } from "./tensor.ts";

/** Tensors by the names of the model's inputs. */
export type InferInputs = Readonly<Record<string, TensorInput>>;

export interface InferOptions {
  /** For waiting, trying again and the inference together; 10 s when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Given back in the answer. */
  readonly id?: string;
  /** Names of the outputs wanted; all when absent. */
  readonly outputs?: readonly string[];
  /** Requests of the same key are answered by the same release while a canary runs. */
  readonly requestKey?: string;
  /** Requests that belong together, in their order. */
  readonly sequence?: {
    readonly id: string | number;
    readonly isStart?: boolean;
    readonly isEnd?: boolean;
  };
}

export interface InferAnswer {
  readonly model: string;
  /** Of the release that gave this answer. */
  readonly version: string;
  readonly id: string | undefined;
  /** By name. */
  readonly outputs: Readonly<Record<string, TensorOutput>>;
  /** The sequence began anew at this answer. */
  readonly isSequenceReset: boolean;
}

export interface EncodedBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly Uint8Array[];
}

/** A request of the Open Inference Protocol, all tensors binary both ways. */
export function encodeInfer(
  inputs: InferInputs,
  options: InferOptions,
  timeoutMs: number,
): EncodedBody {
  const tensors = Object.entries(inputs).map(([name, input]) => {
    const { datatype, bytes } = encodeTensor(name, input);
    return { name, shape: input.shape, datatype, bytes };
  });
  const { id, outputs } = options;
  const head = Buffer.from(
    JSON.stringify({
      id,
      parameters: parametersOf(options, timeoutMs),
      inputs: tensors.map(({ bytes, ...form }) => {
        return { ...form, parameters: { binary_data_size: bytes.length } };
      }),
      outputs: outputs?.map((name) => ({ name })),
    }),
  );
  const chunks = [head, ...tensors.map(({ bytes }) => bytes)];
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(length),
      "inference-header-content-length": String(head.length),
    },
    chunks,
  };
}

function parametersOf({ requestKey, sequence }: InferOptions, timeoutMs: number): object {
  const placed =
    sequence === undefined
      ? {}
      : {
          sequence_id: sequence.id,
          sequence_start: sequence.isStart ?? false,
          sequence_end: sequence.isEnd ?? false,
        };
  return {
    binary_data_output: true,
    timeout: Math.ceil(timeoutMs) * 1_000,
    request_key: requestKey,
    ...placed,
  };
}

/** @throws AgentError PROTOCOL */
export function decodeInfer({ headers, body }: AgentReply): InferAnswer {
  const jsonBytes = Number(headers["inference-header-content-length"] ?? body.length);
  const answer = fieldsOf(parseJson(body.subarray(0, jsonBytes)), "an object");
  const parameters = fieldsOf(answer["parameters"] ?? {}, "parameters");
  return {
    model: textOf(answer["model_name"], "model_name"),
    version: textOf(answer["model_version"], "model_version"),
    id: answer["id"] === undefined ? undefined : textOf(answer["id"], "id"),
    outputs: decodeOutputs(listOf(answer["outputs"], "outputs"), body.subarray(jsonBytes)),
    isSequenceReset: parameters["sequence_reset"] === true,
  };
}

function decodeOutputs(
  outputs: readonly unknown[],
  binary: Uint8Array,
): Readonly<Record<string, TensorOutput>> {
  let at = 0;
  const named = outputs.map((item) => {
    const output = fieldsOf(item, "an output");
    const end = at + binarySize(output);
    if (end > binary.length) {
      throw new AgentError("PROTOCOL", `expected ${end} bytes of tensors, got ${binary.length}`);
    }
    const shape = listOf(output["shape"], "shape").map((size) => wholeOf(size, "a size"));
    const tensor = decodeTensor(output["datatype"], shape, binary.subarray(at, end));
    at = end;
    return [textOf(output["name"], "name"), tensor] as const;
  });
  return Object.fromEntries(named);
}

function binarySize(output: Fields): number {
  const parameters = fieldsOf(output["parameters"] ?? {}, "parameters");
  return wholeOf(parameters["binary_data_size"], "binary_data_size");
}
