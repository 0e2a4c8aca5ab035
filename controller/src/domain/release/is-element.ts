import { type ElementType, elementTypes } from "@modelfleet/protocol";

type Whole = Exclude<ElementType, "bool" | "float16" | "float32" | "float64" | "string">;

const wholeRanges: Readonly<Record<Whole, readonly [lowest: bigint, highest: bigint]>> = {
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Largest finite values (IEEE 754-2019, table 3.5). */
const floatMagnitudes = {
  float16: 65_504,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
} as const;

const floatWords: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

/**
 * Whether a JSON value is an element of this type, by the rules of the device's own reader: 64-bit integers above
 * 2^53 − 1 are texts of digits, and words stand for what JSON has no number for.
 */
export function isElement(value: unknown, dtype: ElementType): boolean {
  if (dtype === "string") return typeof value === "string";
  if (dtype === "bool") return typeof value === "boolean";
  if (dtype === "float16" || dtype === "float32" || dtype === "float64") {
    return isFloat(value, floatMagnitudes[dtype]);
  }
  const whole = wholeOf(value, elementTypes[dtype].bytes === 8);
  const [lowest, highest] = wholeRanges[dtype];
  return whole !== undefined && whole >= lowest && whole <= highest;
}

function isFloat(value: unknown, magnitudeMax: number): boolean {
  return typeof value === "number" ? Math.abs(value) <= magnitudeMax : floatWords.includes(value);
}

function wholeOf(value: unknown, mayBeText: boolean): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  const isText = mayBeText && typeof value === "string" && /^-?\d{1,20}$/.test(value);
  return isText ? BigInt(value) : undefined;
}
