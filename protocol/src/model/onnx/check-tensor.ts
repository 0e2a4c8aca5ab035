import { onnxLimits } from "../../limits.ts";
import type { Field, MessageReader, Span } from "./message-reader.ts";
import { ModelFormatError } from "./model-format-error.ts";
import type { Pauses } from "./walk-graph.ts";

/** Field numbers of onnx.proto3. */
const tensor = {
  dimensions: 1,
  elementType: 2,
  floats: 4,
  int32s: 5,
  strings: 6,
  int64s: 7,
  name: 8,
  raw: 9,
  doubles: 10,
  uint64s: 11,
  externalData: 13,
  dataLocation: 14,
} as const;
const sparse = { values: 1, indices: 2, dimensions: 3 } as const;
const EXTERNAL = 1;
const STRING = 8;

/** Bits of an element, by its number in `TensorProto.DataType`. */
const bitsOf: readonly (number | undefined)[] = [
  ...[undefined, 32, 8, 8, 16, 16, 32, 64, undefined, 8, 16, 64, 32, 64, 64, 128, 16],
  ...[8, 8, 8, 8, 4, 4, 4, 8, 2, 2],
];

interface Tensor {
  name: string;
  /** Product of the dimensions; above 2^53 only roughly. */
  elements: number;
  elementType: number;
  isExternal: boolean;
  /** Bytes of its content as it stands; undefined where it is not written that way. */
  rawBytes: number | undefined;
  /** How many elements its lists can hold at most. */
  listed: number;
}

/**
 * Refuses a weight that lies in another file, for a release is complete by its signed files, and such a reference may
 * point anywhere on the device; and one that declares another size than it brings, for the runtime would believe it.
 *
 * @throws ModelFormatError EXTERNAL_DATA | MODEL_FORMAT
 */
export function* checkTensor(reader: MessageReader, span: Span): Pauses {
  const found = newTensor();
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    noteField(reader, field, found);
  }
  if (found.isExternal) throw external(found.name);
  refuseOtherSize(found);
}

/** The values and indices of a sparse weight, and the size it takes once it is spread out. @throws ModelFormatError */
export function* checkSparseTensor(reader: MessageReader, span: Span): Pauses {
  let elements = 1;
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    if (field.number === sparse.dimensions) elements *= product(reader, field);
    if (field.kind !== "bytes") continue;
    if (field.number === sparse.values || field.number === sparse.indices) {
      yield* checkTensor(reader, field.span);
    }
  }
  if (elements <= onnxLimits.denseElementsMax) return;
  throw malformed(
    `sparse weights of at most ${onnxLimits.denseElementsMax} elements, got ${elements}`,
  );
}

function newTensor(): Tensor {
  return {
    ...{ name: "", elements: 1, elementType: 0 },
    ...{ isExternal: false, rawBytes: undefined, listed: 0 },
  };
}

function noteField(reader: MessageReader, field: Field, found: Tensor): void {
  const bytes = field.kind === "bytes" ? field.span.until - field.span.from : 0;
  switch (field.number) {
    case tensor.dimensions:
      found.elements *= product(reader, field);
      break;
    case tensor.elementType:
      if (field.kind === "varint") found.elementType = field.value;
      break;
    case tensor.name:
      if (field.kind === "bytes") found.name = reader.text(field.span);
      break;
    case tensor.raw:
      found.rawBytes = bytes;
      break;
    case tensor.externalData:
      found.isExternal = true;
      break;
    case tensor.dataLocation:
      found.isExternal ||= field.kind === "varint" && field.value === EXTERNAL;
      break;
    default:
      found.listed += listedElements(field, bytes);
  }
}

/** At most so many elements are in this part of a list: a whole number takes a byte or more, and may hold four. */
function listedElements({ number, kind }: Field, bytes: number): number {
  switch (number) {
    case tensor.floats:
      return kind === "fixed" ? 1 : bytes / 4;
    case tensor.doubles:
      return kind === "fixed" ? 1 : bytes / 8;
    case tensor.int32s:
      return kind === "varint" ? 4 : 4 * bytes;
    case tensor.int64s:
    case tensor.uint64s:
      return kind === "varint" ? 1 : bytes;
    case tensor.strings:
      return 1;
    default:
      return 0;
  }
}

function product(reader: MessageReader, field: Field): number {
  let elements = 1;
  // A negative dimension arrives as a very large number.
  for (const size of reader.numbers(field)) elements *= size;
  return elements;
}

function refuseOtherSize({ name, elements, elementType, rawBytes, listed }: Tensor): void {
  if (!Number.isSafeInteger(elements)) {
    throw malformed(`a countable size of weight ${name}, got ${elements} elements`);
  }
  const bits = bitsOf[elementType];
  if (rawBytes !== undefined && bits !== undefined) {
    const expected = Math.ceil((elements * bits) / 8);
    if (rawBytes === expected) return;
    throw malformed(`${expected} bytes for weight ${name}, as it declares, got ${rawBytes}`);
  }
  if ((bits === undefined && elementType !== STRING) || elements <= listed) return;
  throw malformed(`${elements} elements of weight ${name}, as it declares, got ${listed} at most`);
}

function external(name: string): ModelFormatError {
  return new ModelFormatError(
    "EXTERNAL_DATA",
    `expected an ONNX model with its weights inside, got weight ${name} in another file: save the model with its weights in one file`,
  );
}

function malformed(expected: string): ModelFormatError {
  return new ModelFormatError("MODEL_FORMAT", `expected an ONNX model with ${expected}`);
}
