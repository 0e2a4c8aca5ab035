import type { ElementType } from "@modelfleet/protocol";
import type { Tensor, TensorLike } from "@tensorflow/tfjs-core";
import { readElements, writeElements } from "../../wire/string-elements.ts";
import type { WireTensor } from "../../wire/wire-tensor.ts";
import { TensorRefused } from "../runtime.ts";
import type { TfjsLibrary } from "./library.ts";

/** @throws TensorRefused for an element type TensorFlow.js does not have, or texts that do not fit their shape */
export function toTfjs(tensor: WireTensor, library: Pick<TfjsLibrary, "tensor">): Tensor {
  const { name, dtype, shape } = tensor;
  if (!isTfjsType(dtype)) {
    const types = Object.keys(readers).join(", ");
    throw new TensorRefused(`input ${name}: expected ${types} for TensorFlow.js, got ${dtype}`);
  }
  return library.tensor(readers[dtype](tensor), [...shape], dtype);
}

/** The very bits of the backend's answer. */
export async function fromTfjs(name: string, tensor: Tensor): Promise<WireTensor> {
  const { dtype, shape } = tensor;
  if (!isTfjsType(dtype)) throw new TypeError(`expected output ${name} of real numbers or texts`);
  if (dtype === "string") {
    return { name, dtype, shape, bytes: writeElements(listOf(await tensor.bytes())) };
  }
  const { buffer, byteOffset, byteLength } = await tensor.data();
  return { name, dtype, shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

function listOf(texts: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  return texts instanceof Uint8Array ? [texts] : texts;
}

/** Element types that mean the same on both sides. */
export type TfjsType = "float32" | "int32" | "bool" | "string";

export function isTfjsType(dtype: ElementType | "complex64"): dtype is TfjsType {
  return Object.hasOwn(readers, dtype);
}

type Reader = (tensor: WireTensor) => TensorLike;

const readers: Readonly<Record<TfjsType, Reader>> = {
  float32: ({ bytes }) => {
    const { buffer, byteOffset, byteLength } = aligned(bytes);
    return new Float32Array(buffer, byteOffset, byteLength / 4);
  },
  int32: ({ bytes }) => {
    const { buffer, byteOffset, byteLength } = aligned(bytes);
    return new Int32Array(buffer, byteOffset, byteLength / 4);
  },
  bool: ({ bytes }) => plain(bytes),
  string: readTexts,
};

function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
}

/** Not the Buffer of the wire: the library tells its types apart by their constructors. */
function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readTexts({ name, shape, bytes }: WireTensor): TensorLike {
  const expected = shape.reduce((product, size) => product * size, 1);
  const elements = readElements(bytes);
  if (elements.length === expected) return elements.map(plain);
  throw new TensorRefused(`input ${name}: expected ${expected} elements, got ${elements.length}`);
}
