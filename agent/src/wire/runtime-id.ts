/**
 * The ways to run a model that an agent has. In the firmware targets and a device's facts, those of tfjs are one
 * runtime with several providers.
 */
const runtimeIds = [
  "onnxruntime-node",
  "onnxruntime-web",
  "tfjs-node",
  "tfjs-wasm",
  "tfjs-cpu",
] as const;
export type RuntimeId = (typeof runtimeIds)[number];

export function isRuntimeId(value: unknown): value is RuntimeId {
  return runtimeIds.some((id) => id === value);
}
