import { type ElementType, elementTypes, type TensorSpec } from "../tensor-spec.ts";
import type { MessageReader, Span } from "./message-reader.ts";
import { ModelFormatError } from "./model-format-error.ts";

/** Field numbers of onnx.proto3. */
const value = { name: 1, type: 2 } as const;
const type = { tensor: 1 } as const;
const tensorType = { element: 1, shape: 2 } as const;
const shape = { dimension: 1 } as const;
const dimension = { value: 1 } as const;
const FREE = -1;
const DIMENSION_MAX = 2 ** 40;

/**
 * Name and kind of an input or output of a graph. A dimension without a number, or below zero, is free (−1).
 *
 * @throws ModelFormatError when it is no tensor, of an element type we do not carry, or of unknown rank
 */
export function readValue(reader: MessageReader, span: Span, side: "input" | "output"): TensorSpec {
  const name = readValueName(reader, span);
  const tensor = readTensorType(reader, span);
  if (tensor === undefined) throw refused(side, name, "a tensor, got another kind of value");
  const dtype = elementTypeOf(tensor.element);
  if (dtype === undefined)
    throw refused(side, name, `an element type we carry, got ONNX type ${tensor.element}`);
  if (tensor.shape === undefined)
    throw refused(side, name, "a shape with a known number of dimensions, got none");
  return { name, dtype, shape: tensor.shape };
}

/** @throws ModelFormatError when it has no name */
export function readValueName(reader: MessageReader, span: Span): string {
  // Of a field that stands twice the last one counts, as in every protobuf reader.
  const name = lastSpan(reader, span, value.name);
  if (name !== undefined) return reader.text(name);
  throw new ModelFormatError(
    "MODEL_FORMAT",
    "expected an ONNX model with named inputs and outputs",
  );
}

function readTensorType(reader: MessageReader, span: Span) {
  const typeSpan = lastSpan(reader, span, value.type);
  const tensorSpan = typeSpan && lastSpan(reader, typeSpan, type.tensor);
  if (tensorSpan === undefined) return undefined;
  let element = 0;
  for (const field of reader.fields(tensorSpan)) {
    if (field.kind === "varint" && field.number === tensorType.element) element = field.value;
  }
  const shapeSpan = lastSpan(reader, tensorSpan, tensorType.shape);
  return { element, shape: shapeSpan && readShape(reader, shapeSpan) };
}

function readShape(reader: MessageReader, span: Span): number[] {
  const sizes: number[] = [];
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === shape.dimension) {
      sizes.push(readDimension(reader, field.span));
    }
  }
  return sizes;
}

function readDimension(reader: MessageReader, span: Span): number {
  let size = FREE;
  for (const field of reader.fields(span)) {
    if (field.kind !== "varint" || field.number !== dimension.value) continue;
    // A negative number arrives as a very large one.
    size = field.value <= DIMENSION_MAX ? field.value : FREE;
  }
  return size;
}

function lastSpan(reader: MessageReader, span: Span, number: number): Span | undefined {
  let found: Span | undefined;
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === number) found = field.span;
  }
  return found;
}

function elementTypeOf(onnx: number): ElementType | undefined {
  const names = Object.keys(elementTypes) as ElementType[];
  return names.find((name) => elementTypes[name].onnx === onnx);
}

function refused(side: string, name: string, expected: string): ModelFormatError {
  return new ModelFormatError(
    "MODEL_FORMAT",
    `expected an ONNX model: ${side} ${name} must be ${expected}`,
  );
}
