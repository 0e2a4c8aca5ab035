import type * as onnxruntime from "onnxruntime-node";
import { hideFloat16Array } from "../../../agent/src/runner/hide-float16-array.ts";

/**
 * The inference library in this process, for reference answers that owe nothing to the agent.
 *
 * The library reads the switch for its telemetry once, while it loads, and looks for 16-bit floats once, at its first
 * tensor in this process, whichever file asked for it. So whoever wants it must ask here instead of importing it.
 */
export async function loadOnnxruntime(): Promise<typeof onnxruntime> {
  hideFloat16Array();
  Object.assign(process.env, { ORT_DISABLE_TELEMETRY: "1" });
  return import("onnxruntime-node");
}
