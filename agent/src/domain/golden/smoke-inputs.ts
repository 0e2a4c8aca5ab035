import {
  type ElementType,
  elementTypes,
  runnerLimits,
  type TensorSpec,
} from "@modelfleet/protocol";
import { joinElements } from "../bytes-elements.ts";
import { encodeFloat16 } from "../float16.ts";
import type { Tensor } from "../tensor.ts";
import { countElements } from "../tensor-view.ts";

/** Fillings tried on a model that brings no golden cases. */
export const smokeFillings = ["zeros", "ones", "noise"] as const;
export type SmokeFilling = (typeof smokeFillings)[number];

/**
 * Sizes tried for every free dimension but the first (the batch, which is 1), until the model runs:
 * one element, and common sequence lengths and image sides.
 */
export const smokeSizes: readonly number[] = [1, 32, 64, 224, 512].slice(
  0,
  runnerLimits.smokeSizesMax,
);

/**
 * Inputs of the right form with plain content: the same seed, the same inputs. Noise is uniform in ±1 for floats;
 * integers stay 0 or 1, since they are often indices and any larger one may be out of range.
 */
export function smokeInputs(
  specs: readonly TensorSpec[],
  freeSize: number,
  filling: SmokeFilling,
): readonly Tensor[] {
  const next = noise(0x5eed);
  return specs.map(({ name, dtype, shape }) => {
    const sizes = shape.map((size, i) => (size >= 0 ? size : i === 0 ? 1 : freeSize));
    const elements = Array.from({ length: countElements(sizes) }, () =>
      filling === "zeros" ? 0 : filling === "ones" ? 1 : next(),
    );
    return { name, dtype, shape: sizes, bytes: fill(dtype, elements) };
  });
}

function fill(dtype: ElementType, elements: readonly number[]): Uint8Array {
  if (dtype === "float32") return bytesOf(Float32Array.from(elements));
  if (dtype === "float64") return bytesOf(Float64Array.from(elements));
  if (dtype === "float16") return bytesOf(Uint16Array.from(elements, encodeFloat16));
  if (dtype === "string") return joinElements(elements.map(shortText));
  return fillWhole(elementTypes[dtype].bytes, elements);
}

/** The empty text, or one letter. */
function shortText(value: number): Uint8Array {
  return value > 0 ? Uint8Array.of(0x61) : new Uint8Array(0);
}

/** Every integer is little endian, so 0 and 1 are its first byte. */
function fillWhole(width: number, elements: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(elements.length * width);
  elements.forEach((value, i) => {
    bytes[i * width] = value > 0 ? 1 : 0;
  });
  return bytes;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Uniform in ±1: Park and Miller's minimal standard generator (1988). */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  };
}
