import { readElements, writeElements } from "../wire/string-elements.ts";
import { AgentError } from "./agent-error.ts";

/** The typed array of each datatype of the Open Inference Protocol; FP16 is its raw 16-bit words, BOOL bytes of 0 or 1. */
const arrays = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

type Arrays = typeof arrays;
export type NumericDatatype = keyof Arrays;
export type Datatype = NumericDatatype | "BYTES";

/** A tensor of an answer; its `datatype` says which array `data` is. */
export type TensorOutput =
  | {
      [D in NumericDatatype]: {
        readonly datatype: D;
        readonly shape: readonly number[];
        readonly data: InstanceType<Arrays[D]>;
      };
    }[NumericDatatype]
  | {
      readonly datatype: "BYTES";
      readonly shape: readonly number[];
      readonly data: readonly string[];
    };

export type TensorData =
  | InstanceType<Arrays[NumericDatatype]>
  | readonly string[]
  | readonly boolean[];

/** A tensor of a request. */
export interface TensorInput {
  readonly data: TensorData;
  readonly shape: readonly number[];
  /** Only where the array does not tell: a `Uint8Array` of BOOL, a `Uint16Array` of FP16. */
  readonly datatype?: Datatype;
}

export interface EncodedTensor {
  readonly datatype: Datatype;
  readonly bytes: Uint8Array;
}

/** @throws TypeError for anything that is no tensor: a mistake in the calling program */
export function encodeTensor(name: string, { data, datatype }: TensorInput): EncodedTensor {
  if (ArrayBuffer.isView(data)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { datatype: datatype ?? datatypeOf(name, data), bytes };
  }
  if (isEach(data, "string") && (datatype ?? "BYTES") === "BYTES") {
    const encoder = new TextEncoder();
    return { datatype: "BYTES", bytes: writeElements(data.map((text) => encoder.encode(text))) };
  }
  if (isEach(data, "boolean")) {
    return { datatype: "BOOL", bytes: Uint8Array.from(data, (value) => (value ? 1 : 0)) };
  }
  throw new TypeError(`input ${name}: expected a typed array, texts or booleans, got another`);
}

/** @param bytes of this tensor alone; they are copied unless they are most of their buffer @throws AgentError PROTOCOL */
export function decodeTensor(
  datatype: unknown,
  shape: readonly number[],
  bytes: Uint8Array,
): TensorOutput {
  if (datatype === "BYTES") return { datatype, shape, data: readTexts(bytes) };
  if (!isNumeric(datatype)) {
    throw new AgentError("PROTOCOL", "expected an answer of a known datatype, got another");
  }
  const Elements = arrays[datatype];
  if (bytes.length % Elements.BYTES_PER_ELEMENT !== 0) {
    throw new AgentError("PROTOCOL", `expected whole elements of ${datatype}, got a cut`);
  }
  const { buffer, byteOffset } = ownBytes(bytes, Elements.BYTES_PER_ELEMENT);
  const data = new Elements(buffer, byteOffset, bytes.length / Elements.BYTES_PER_ELEMENT);
  // The datatype chose the array; the compiler does not follow that through the table.
  return { datatype, shape, data } as TensorOutput;
}

/** A copy, unless they are most of what they lie in: the bytes may lie anywhere in the body, and a view keeps all of that. */
function ownBytes(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  const isMost = buffer instanceof ArrayBuffer && length * 2 >= buffer.byteLength;
  const isView = isMost && byteOffset % width === 0;
  return isView ? new Uint8Array(buffer, byteOffset, length) : Uint8Array.from(bytes);
}

function isNumeric(value: unknown): value is NumericDatatype {
  return typeof value === "string" && Object.hasOwn(arrays, value);
}

function datatypeOf(name: string, data: ArrayBufferView): NumericDatatype {
  for (const [datatype, Elements] of Object.entries(arrays)) {
    const isOwn = datatype !== "BOOL" && datatype !== "FP16";
    if (isOwn && data instanceof Elements && isNumeric(datatype)) return datatype;
  }
  throw new TypeError(`input ${name}: expected a typed array of numbers, got another view`);
}

function isEach<Name extends "string" | "boolean">(
  data: readonly unknown[],
  type: Name,
): data is readonly (Name extends "string" ? string : boolean)[] {
  return Array.isArray(data) && data.every((value) => typeof value === type);
}

function readTexts(bytes: Uint8Array): readonly string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  try {
    return readElements(bytes).map((element) => decoder.decode(element));
  } catch (cause) {
    throw new AgentError("PROTOCOL", "expected whole texts in the answer, got a cut", { cause });
  }
}
