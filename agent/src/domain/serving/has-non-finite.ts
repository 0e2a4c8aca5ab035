import { measureLimits } from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";
import { viewTensor } from "../tensor-view.ts";
import { spreadOver } from "./spread.ts";

/**
 * Whether a float tensor holds NaN or an infinity. Of a large one only a part is looked at, another one at each turn, so
 * that looking costs an answer next to nothing.
 */
export function hasNonFinite(tensor: Tensor, turn: number): boolean {
  if (!tensor.dtype.startsWith("float")) return false;
  const view = viewTensor(tensor);
  if (view.kind !== "number") return false;
  const { values } = view;
  const parts = Math.max(1, Math.ceil(values.length / measureLimits.elementsMax));
  const from = spreadOver(parts, turn) * measureLimits.elementsMax;
  const to = Math.min(values.length, from + measureLimits.elementsMax);
  for (let i = from; i < to; i++) if (!Number.isFinite(values[i])) return true;
  return false;
}
