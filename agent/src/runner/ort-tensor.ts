import type { ElementType } from "@modelfleet/protocol";
import type { Tensor, TypedTensor } from "onnxruntime-node";
import { readElements, writeElements } from "../wire/string-elements.ts";
import type { WireTensor } from "../wire/wire-tensor.ts";
import { TensorRefused } from "./runtime.ts";

type NumericType = Exclude<ElementType, "string">;
type TensorConstructor = new (
  type: ElementType,
  data: ArrayBufferView | readonly string[],
  dims: readonly number[],
) => Tensor;

/** The view ORT expects for each element type; float16 travels as raw 16-bit words. */
const views: Readonly<
  Record<
    NumericType,
    {
      new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
      readonly BYTES_PER_ELEMENT: number;
    }
  >
> = {
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** @throws TensorRefused when a string tensor is not UTF-8, or has not as many elements as its shape */
export function toOrt(tensor: WireTensor, OrtTensor: TensorConstructor): Tensor {
  const { dtype, shape, bytes } = tensor;
  if (dtype === "string") return new OrtTensor(dtype, readStrings(tensor), shape);
  const View = views[dtype];
  const width = View.BYTES_PER_ELEMENT;
  const source = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  const data = new View(source.buffer, source.byteOffset, source.byteLength / width);
  return new OrtTensor(dtype, data, shape);
}

/** The bytes are a view of the runtime's own memory wherever it allows that. */
export function fromOrt(name: string, tensor: TypedTensor<Tensor.Type>): WireTensor {
  const { type, data, dims } = tensor;
  if (type === "int4" || type === "uint4") {
    throw new TypeError(`expected output ${name} of whole bytes an element, got ${type}`);
  }
  return { name, dtype: type, shape: dims, bytes: toBytes(data) };
}

function toBytes(data: ArrayBufferView | readonly string[]): Uint8Array {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const encoder = new TextEncoder();
  return writeElements(data.map((text) => encoder.encode(text)));
}

function readStrings({ name, shape, bytes }: WireTensor): string[] {
  const expected = shape.reduce((product, size) => product * size, 1);
  const elements = readElements(bytes);
  if (elements.length !== expected) {
    throw new TensorRefused(`input ${name}: expected ${expected} elements, got ${elements.length}`);
  }
  return elements.map((element) => readText(name, element));
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readText(name: string, element: Uint8Array): string {
  // The runtime's JavaScript side hands texts over as C strings, and would cut this one without a word.
  if (element.includes(0)) {
    throw new TensorRefused(`input ${name}: expected text without the character NUL`);
  }
  try {
    return utf8.decode(element);
  } catch (cause) {
    throw new TensorRefused(`input ${name}: expected text in UTF-8`, { cause });
  }
}
