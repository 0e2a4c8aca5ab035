import type { ElementType } from "@modelfleet/protocol";
import { elementWidth, isElementType } from "./element-width.ts";
import { aligned, FrameError } from "./frame.ts";
import { readArray, readRecord, readText, readWhole } from "./read-json.ts";

/** A tensor in a frame: its form is in the header, its bytes are in the body. See `Tensor` of the domain. */
export interface WireTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const NAME_CHARACTERS_MAX = 256;
const RANK_MAX = 16;
const TENSORS_MAX = 64;

/** What the header says of a tensor; the body holds the bytes in the same order. */
export function tensorHeaders(tensors: readonly WireTensor[]): unknown {
  return tensors.map(({ name, dtype, shape, bytes }) => ({
    name,
    dtype,
    shape,
    bytes: bytes.length,
  }));
}

/** @throws FrameError unless the header describes the body exactly */
export function readTensors(value: unknown, body: Uint8Array): WireTensor[] {
  let at = 0;
  const tensors = readArray(value, "tensors", TENSORS_MAX).map((item) => {
    const header = readRecord(item, "a tensor");
    const length = readWhole(header["bytes"], "bytes");
    const end = at + length;
    if (end > body.length)
      throw new FrameError(`expected ${end} bytes of tensors, got ${body.length}`);
    const tensor = { ...readTensorForm(header, 0), bytes: body.subarray(at, end) };
    refuseLength(tensor);
    at += aligned(length);
    return tensor;
  });
  if (at !== body.length)
    throw new FrameError(`expected ${at} bytes of tensors, got ${body.length}`);
  return tensors;
}

/** Name, element type and shape; each dimension at least `dimensionMin`. */
export function readTensorForm(header: Readonly<Record<string, unknown>>, dimensionMin: 0 | -1) {
  const dtype = header["dtype"];
  if (!isElementType(dtype)) throw new FrameError("expected a known element type");
  const shape = readArray(header["shape"], "shape", RANK_MAX).map((size) =>
    size === dimensionMin ? dimensionMin : readWhole(size, "dimension"),
  );
  return { name: readText(header["name"], "tensor name", NAME_CHARACTERS_MAX), dtype, shape };
}

function refuseLength({ name, dtype, shape, bytes }: WireTensor): void {
  const expected = shape.reduce((product, size) => product * size, elementWidth[dtype]);
  if (dtype !== "string" && bytes.length !== expected) {
    throw new FrameError(`expected ${expected} bytes for tensor ${name}, got ${bytes.length}`);
  }
}
