import { joinBytes, splitTexts } from "../bytes-elements.ts";
import type { Tensor } from "../tensor.ts";

/** What a request is to a batch. */
export interface BatchForm {
  readonly rows: number;
  /** Requests of the same key can be joined: same tensors but for their rows, same outputs wanted. */
  readonly key: string;
}

/** @returns undefined where the request can only be asked alone: without rows, or with differing ones */
export function batchForm(
  inputs: readonly Tensor[],
  outputs: readonly string[],
): BatchForm | undefined {
  const rows = inputs[0]?.shape[0] ?? 0;
  if (rows < 1 || inputs.some(({ shape }) => shape[0] !== rows)) return undefined;
  // JSON, because a name may hold any separator one could choose.
  const forms = inputs.map(({ name, dtype, shape }) => [name, dtype, ...shape.slice(1)]);
  return { rows, key: JSON.stringify([forms, outputs]) };
}

/**
 * The inputs of several requests as those of one, along the first dimension; of one alone as they are.
 *
 * @param requests the inputs of each; all of one form
 */
export function joinRows(requests: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = []] = requests;
  if (requests.length === 1) return first;
  return first.map(({ name, dtype, shape }, i) => {
    const parts = requests.flatMap((inputs) => inputs[i] ?? []);
    const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
    const bytes = joinBytes(parts.map((part) => part.bytes));
    return { name, dtype, shape: [rows, ...shape.slice(1)], bytes };
  });
}

/**
 * The outputs of a batch, for each of its requests, without a copy.
 *
 * @param rows how many rows each request has of it; its sum is not 0
 * @returns a reason instead when an output is not made of those rows: then this model cannot be asked in batches
 */
export function splitRows(
  outputs: readonly Tensor[],
  rows: readonly number[],
): readonly (readonly Tensor[])[] | string {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const other = outputs.find(({ shape }) => shape[0] !== total);
  if (other !== undefined) {
    const got = `[${other.shape.join(",")}]`;
    return `output ${other.name}: expected ${total} rows for a batch of so many, got shape ${got}`;
  }
  const parts = outputs.map((output) => splitTensor(output, rows, total));
  return rows.map((_, i) => parts.flatMap((part) => part[i] ?? []));
}

function splitTensor(
  { name, dtype, shape, bytes }: Tensor,
  rows: readonly number[],
  total: number,
): readonly Tensor[] {
  const rest = shape.slice(1);
  const cut = dtype === "string" ? textCutter(bytes, rest) : rowCutter(bytes, total);
  return rows.map((count) => ({ name, dtype, shape: [count, ...rest], bytes: cut(count) }));
}

function rowCutter(bytes: Uint8Array, total: number): (rows: number) => Uint8Array {
  const rowBytes = bytes.length / total;
  let at = 0;
  return (rows) => {
    const start = at;
    at += rows * rowBytes;
    return bytes.subarray(start, at);
  };
}

function textCutter(bytes: Uint8Array, rest: readonly number[]): (rows: number) => Uint8Array {
  const perRow = rest.reduce((product, size) => product * size, 1);
  let left = bytes;
  return (rows) => {
    const [taken, after] = splitTexts(left, rows * perRow);
    left = after;
    return taken;
  };
}
