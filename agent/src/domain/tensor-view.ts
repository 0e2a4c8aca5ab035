import { type ElementType, elementTypes } from "@modelfleet/protocol";
import { splitElements } from "./bytes-elements.ts";
import { decodeFloat16 } from "./float16.ts";
import type { Tensor } from "./tensor.ts";

/** The elements of a tensor by their element type; float16 is widened, BYTES are texts. */
export type TensorView =
  | { readonly kind: "number"; readonly values: ArrayLike<number> }
  | { readonly kind: "bigint"; readonly values: ArrayLike<bigint> }
  | { readonly kind: "text"; readonly values: readonly string[] };

/** How many elements a tensor of this shape has. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Reads a tensor's elements, without a copy where its bytes lie aligned. */
export function viewTensor(tensor: Tensor): TensorView {
  const { dtype, bytes } = tensor;
  const { buffer, byteOffset, byteLength } = alignedBytes(dtype, bytes);
  const length = dtype === "string" ? 0 : byteLength / elementTypes[dtype].bytes;
  const number = (values: ArrayLike<number>) => ({ kind: "number", values }) as const;
  switch (dtype) {
    case "bool":
    case "uint8":
      return number(bytes);
    case "int8":
      return number(new Int8Array(buffer, byteOffset, length));
    case "uint16":
      return number(new Uint16Array(buffer, byteOffset, length));
    case "int16":
      return number(new Int16Array(buffer, byteOffset, length));
    case "uint32":
      return number(new Uint32Array(buffer, byteOffset, length));
    case "int32":
      return number(new Int32Array(buffer, byteOffset, length));
    case "float16":
      return number(Float32Array.from(new Uint16Array(buffer, byteOffset, length), decodeFloat16));
    case "float32":
      return number(new Float32Array(buffer, byteOffset, length));
    case "float64":
      return number(new Float64Array(buffer, byteOffset, length));
    case "uint64":
      return { kind: "bigint", values: new BigUint64Array(buffer, byteOffset, length) };
    case "int64":
      return { kind: "bigint", values: new BigInt64Array(buffer, byteOffset, length) };
    case "string":
      return { kind: "text", values: readTexts(tensor) };
  }
}

function alignedBytes(dtype: ElementType, bytes: Uint8Array): Uint8Array {
  const width = elementTypes[dtype].bytes;
  return width < 2 || bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
}

function readTexts({ name, bytes }: Tensor): readonly string[] {
  const elements = splitElements(bytes);
  if (elements === undefined) throw new RangeError(`expected whole elements in tensor ${name}`);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return elements.map((element) => decoder.decode(element));
}
