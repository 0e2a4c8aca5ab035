import { elementTypes } from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";
import { viewTensor } from "../tensor-view.ts";

/**
 * A tensor as JSON text, so exact that `parseJsonTensor` gives the same bits back
 * (of NaN, only that it is NaN). See there for what JSON has no number for.
 */
export function writeJsonTensor(tensor: Tensor): string {
  const { name, dtype, shape } = tensor;
  const head = JSON.stringify({ name, datatype: elementTypes[dtype].oip, shape });
  return `${head.slice(0, -1)},"data":[${writeElements(tensor)}]}`;
}

function writeElements(tensor: Tensor): string {
  const view = viewTensor(tensor);
  if (tensor.dtype === "bool") return Array.from(tensor.bytes, (byte) => byte !== 0).join(",");
  switch (view.kind) {
    case "number":
      return Array.from(view.values, writeNumber).join(",");
    case "bigint":
      return Array.from(view.values, writeBig).join(",");
    case "text":
      return view.values.map((text) => JSON.stringify(text)).join(",");
  }
}

function writeNumber(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

function writeBig(value: bigint): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
}
