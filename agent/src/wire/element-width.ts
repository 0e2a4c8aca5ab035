import type { ElementType } from "@modelfleet/protocol";

/**
 * Bytes of one element; 0 where it varies. The runner starts faster without the whole contract in memory,
 * so this repeats a column of `elementTypes`, and a test holds the two together.
 */
export const elementWidth: Readonly<Record<ElementType, number>> = {
  bool: 1,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  string: 0,
};

export function isElementType(value: unknown): value is ElementType {
  return typeof value === "string" && Object.hasOwn(elementWidth, value);
}
