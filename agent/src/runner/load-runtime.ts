import type { RuntimeId } from "../wire/runtime-id.ts";
import { startOrtNative } from "./ort-native.ts";
import { startOrtWasm } from "./ort-wasm.ts";
import { type Runtime, RuntimeUnavailable } from "./runtime.ts";
import { shortReason } from "./short-reason.ts";
import { startTfjsNode } from "./tfjs/start-node.ts";
import { startTfjsCpu, startTfjsWasm } from "./tfjs/start-plain.ts";

const starters: Readonly<Record<RuntimeId, () => Promise<Runtime>>> = {
  "onnxruntime-node": startOrtNative,
  "onnxruntime-web": startOrtWasm,
  "tfjs-node": startTfjsNode,
  "tfjs-wasm": startTfjsWasm,
  "tfjs-cpu": startTfjsCpu,
};

/**
 * Starts a runtime in this process, and has it run something of ours: what goes wrong here is never a model's fault.
 *
 * @throws RuntimeUnavailable with the runtime's own words
 */
export async function loadRuntime(id: RuntimeId): Promise<Runtime> {
  try {
    return await starters[id]();
  } catch (cause) {
    throw new RuntimeUnavailable(`${id}: ${shortReason(cause)}`, { cause });
  }
}
