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

/** All of a tensor but its bytes, and how many those are. */
export interface TensorForm extends Omit<WireTensor, "bytes"> {
  readonly byteLength: number;
}

/** What the header says of a tensor; the body holds the bytes in the same order. */
export function tensorHeaders(tensors: readonly WireTensor[]): unknown {
  return tensors.map(({ name, dtype, shape, bytes }) => ({
    name,
    dtype,
    shape,
    bytes: bytes.length,
  }));
}

/** A copy: whoever gave the tensors may use the lists again. */
export function tensorForms(tensors: readonly WireTensor[]): readonly TensorForm[] {
  return tensors.map(({ name, dtype, shape, bytes }) => ({
    ...{ name, dtype, shape: [...shape], byteLength: bytes.length },
  }));
}

export function haveForms(tensors: readonly WireTensor[], forms: readonly TensorForm[]): boolean {
  if (tensors.length !== forms.length) return false;
  for (let i = 0; i < forms.length; i += 1) {
    const [tensor, form] = [tensors[i], forms[i]];
    if (tensor === undefined || form === undefined || !hasForm(tensor, form)) return false;
  }
  return true;
}

function hasForm({ name, dtype, shape, bytes }: WireTensor, form: TensorForm): boolean {
  if (name !== form.name || dtype !== form.dtype || bytes.length !== form.byteLength) return false;
  if (shape.length !== form.shape.length) return false;
  for (let i = 0; i < shape.length; i += 1) if (shape[i] !== form.shape[i]) return false;
  return true;
}

/** @returns what cuts a body into the tensors that the header says; both throw FrameError */
export function tensorReader(value: unknown): (body: Uint8Array) => readonly WireTensor[] {
  const forms = readArray(value, "tensors", TENSORS_MAX).map(readForm);
  let total = 0;
  const placed = forms.map((form) => {
    const from = total;
    total += aligned(form.byteLength);
    return { ...form, from };
  });
  return (body) => {
    if (body.length !== total) {
      throw new FrameError(`expected ${total} bytes of tensors, got ${body.length}`);
    }
    return placed.map(({ name, dtype, shape, from, byteLength }) => ({
      ...{ name, dtype, shape },
      bytes: body.subarray(from, from + byteLength),
    }));
  };
}

function readForm(item: unknown): TensorForm {
  const header = readRecord(item, "a tensor");
  const form = { ...readTensorForm(header, 0), byteLength: readWhole(header["bytes"], "bytes") };
  refuseLength(form);
  return form;
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

function refuseLength({ name, dtype, shape, byteLength }: TensorForm): void {
  const expected = shape.reduce((product, size) => product * size, elementWidth[dtype]);
  if (dtype !== "string" && byteLength !== expected) {
    throw new FrameError(`expected ${expected} bytes for tensor ${name}, got ${byteLength}`);
  }
}
