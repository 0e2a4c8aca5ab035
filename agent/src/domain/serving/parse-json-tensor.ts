import type { ElementType } from "@modelfleet/protocol";
import { joinElements } from "../bytes-elements.ts";
import { encodeFloat16 } from "../float16.ts";
import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import { countElements } from "../tensor-view.ts";

/** A tensor of the Open Inference Protocol with its data in JSON, flat or nested. */
export interface JsonTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

/**
 * The bytes of a tensor written in JSON. Decisions the specification leaves open:
 * 64-bit integers above 2^53 − 1 are texts of digits, since a JSON number would have lost digits on the way;
 * `"NaN"`, `"Infinity"` and `"-Infinity"` stand for what JSON has no number for.
 *
 * @param what the word before the name in messages, `input` or `output`
 * @throws InferError BAD_TENSOR naming the first element that does not fit
 */
export function parseJsonTensor(tensor: JsonTensor, what = "input"): Tensor {
  const place = `${what} ${tensor.name}`;
  const { name, dtype, shape } = tensor;
  const elements = Array.isArray(tensor.data[0]) ? unnest(tensor, place) : tensor.data;
  const expected = countElements(shape);
  if (elements.length !== expected) {
    throw bad(`${place}: expected ${expected} elements, got ${elements.length}`);
  }
  return { name, dtype, shape, bytes: encodeElements(dtype, elements, place) };
}

function unnest({ data, shape }: JsonTensor, place: string): readonly unknown[] {
  let level: readonly unknown[] = [data];
  for (const size of shape) {
    level = level.flatMap((row) => {
      if (Array.isArray(row) && row.length === size) return row as readonly unknown[];
      throw bad(`${place}: expected data nested as its shape [${shape.join(",")}], got other rows`);
    });
  }
  return level;
}

function encodeElements(
  dtype: ElementType,
  elements: readonly unknown[],
  place: string,
): Uint8Array {
  switch (dtype) {
    case "bool":
      return bytesOf(Uint8Array, elements, (value, i) => (readBoolean(value, i, place) ? 1 : 0));
    case "uint8":
      return bytesOf(Uint8Array, elements, integerReader(place, 0, 2 ** 8 - 1));
    case "uint16":
      return bytesOf(Uint16Array, elements, integerReader(place, 0, 2 ** 16 - 1));
    case "uint32":
      return bytesOf(Uint32Array, elements, integerReader(place, 0, 2 ** 32 - 1));
    case "int8":
      return bytesOf(Int8Array, elements, integerReader(place, -(2 ** 7), 2 ** 7 - 1));
    case "int16":
      return bytesOf(Int16Array, elements, integerReader(place, -(2 ** 15), 2 ** 15 - 1));
    case "int32":
      return bytesOf(Int32Array, elements, integerReader(place, -(2 ** 31), 2 ** 31 - 1));
    case "uint64":
      return bytesOf(BigUint64Array, elements, bigReader(place, 0n, 2n ** 64n - 1n));
    case "int64":
      return bytesOf(BigInt64Array, elements, bigReader(place, -(2n ** 63n), 2n ** 63n - 1n));
    case "float16":
      return bytesOf(Uint16Array, elements, (value, i) =>
        encodeFloat16(floatReader(place, 65_504)(value, i)),
      );
    case "float32":
      return bytesOf(Float32Array, elements, floatReader(place, 3.4028234663852886e38));
    case "float64":
      return bytesOf(Float64Array, elements, floatReader(place, Number.MAX_VALUE));
    case "string":
      return joinElements(elements.map((value, i) => encodeText(value, i, place)));
  }
}

interface ArrayOf<Item> {
  [index: number]: Item;
  readonly buffer: ArrayBufferLike;
}

function bytesOf<Item>(
  Elements: new (length: number) => ArrayOf<Item>,
  elements: readonly unknown[],
  read: (value: unknown, index: number) => Item,
): Uint8Array {
  const array = new Elements(elements.length);
  for (let i = 0; i < elements.length; i++) array[i] = read(elements[i], i);
  return new Uint8Array(array.buffer);
}

function readBoolean(value: unknown, index: number, place: string): boolean {
  if (typeof value === "boolean") return value;
  throw bad(`${place}[${index}]: expected true or false, got ${shown(value)}`);
}

function integerReader(place: string, lowest: number, highest: number) {
  return (value: unknown, index: number): number => {
    if (
      typeof value === "number" &&
      Number.isInteger(value) &&
      value >= lowest &&
      value <= highest
    ) {
      return value;
    }
    throw bad(
      `${place}[${index}]: expected a whole number in ${lowest}…${highest}, got ${shown(value)}`,
    );
  };
}

function bigReader(place: string, lowest: bigint, highest: bigint) {
  return (value: unknown, index: number): bigint => {
    const isExact =
      (typeof value === "number" && Number.isSafeInteger(value)) ||
      (typeof value === "string" && /^-?\d{1,20}$/.test(value));
    const whole = isExact ? BigInt(value) : undefined;
    if (whole !== undefined && whole >= lowest && whole <= highest) return whole;
    throw bad(
      `${place}[${index}]: expected a whole number in ${lowest}…${highest} (above 2^53 − 1 as a text of digits), got ${shown(value)}`,
    );
  };
}

const words: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function floatReader(place: string, highest: number) {
  return (value: unknown, index: number): number => {
    if (typeof value === "number" && Math.abs(value) <= highest) return value;
    const word = words.get(value);
    if (word !== undefined) return word;
    throw bad(
      `${place}[${index}]: expected a number of at most ${highest}, "NaN" or "Infinity", got ${shown(value)}`,
    );
  };
}

function encodeText(value: unknown, index: number, place: string): Uint8Array {
  // A lone surrogate has no UTF-8, and would silently become another character.
  if (typeof value === "string" && !/\p{Surrogate}/u.test(value)) {
    return new TextEncoder().encode(value);
  }
  throw bad(`${place}[${index}]: expected a text, got ${shown(value)}`);
}

function bad(message: string): InferError {
  return new InferError("BAD_TENSOR", message);
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 64);
}
