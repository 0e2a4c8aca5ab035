import type * as onnxruntime from "onnxruntime-node";

/**
 * The inference library in this process, for reference answers that owe nothing to the agent.
 *
 * The library reads the switch for its telemetry once, while it loads, so whoever wants it must ask here instead
 * of importing it at the top of a file.
 */
export async function loadOnnxruntime(): Promise<typeof onnxruntime> {
  Object.assign(process.env, { ORT_DISABLE_TELEMETRY: "1" });
  return import("onnxruntime-node");
}
