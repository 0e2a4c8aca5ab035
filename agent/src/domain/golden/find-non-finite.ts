import type { Tensor } from "../tensor.ts";
import { viewTensor } from "../tensor-view.ts";

/** Place of the first NaN or infinity, like `y[3] is NaN`; undefined when every element is finite. */
export function findNonFinite(tensor: Tensor): string | undefined {
  if (!tensor.dtype.startsWith("float")) return undefined;
  const view = viewTensor(tensor);
  if (view.kind !== "number") return undefined;
  for (let i = 0; i < view.values.length; i++) {
    const value = view.values[i];
    if (!Number.isFinite(value)) return `${tensor.name}[${i}] is ${value ?? "missing"}`;
  }
  return undefined;
}
