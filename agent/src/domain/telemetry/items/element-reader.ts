import { type ElementType, elementTypes } from "@modelfleet/protocol";
import { decodeFloat16 } from "../../float16.ts";
import type { Tensor } from "../../tensor.ts";

/** The element at a byte offset, as a number. 64-bit integers lose what a double cannot hold. */
export type ElementReader = (view: DataView, offset: number) => number;

/** A tensor opened for reading by item (row of the first dimension). */
export interface ItemView {
  readonly view: DataView;
  readonly read: ElementReader;
  readonly elementBytes: number;
  readonly items: number;
  /** Elements of one item. */
  readonly size: number;
}

/**
 * @returns null when it holds no numbers: text, no elements, or fewer bytes than its shape says
 */
export function openItems(tensor: Tensor): ItemView | null {
  const read = elementReaders[tensor.dtype];
  const { shape } = tensor;
  const items = shape[0] ?? 1;
  let size = 1;
  for (let axis = 1; axis < shape.length; axis++) size *= shape[axis] ?? 1;
  const elementBytes = elementTypes[tensor.dtype].bytes;
  const bytes = items * size * elementBytes;
  if (read === null || bytes === 0 || tensor.bytes.byteLength < bytes) return null;
  const view = new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, bytes);
  return { view, read, elementBytes, items, size };
}

const elementReaders: Readonly<Record<ElementType, ElementReader | null>> = {
  bool: (view, offset) => view.getUint8(offset),
  uint8: (view, offset) => view.getUint8(offset),
  uint16: (view, offset) => view.getUint16(offset, true),
  uint32: (view, offset) => view.getUint32(offset, true),
  uint64: (view, offset) =>
    view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true),
  int8: (view, offset) => view.getInt8(offset),
  int16: (view, offset) => view.getInt16(offset, true),
  int32: (view, offset) => view.getInt32(offset, true),
  int64: (view, offset) => view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true),
  float16: (view, offset) => decodeFloat16(view.getUint16(offset, true)),
  float32: (view, offset) => view.getFloat32(offset, true),
  float64: (view, offset) => view.getFloat64(offset, true),
  string: null,
};
