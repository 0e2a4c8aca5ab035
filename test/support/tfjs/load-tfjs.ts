import { createRequire } from "node:module";
import { dirname } from "node:path";

const require = createRequire(import.meta.url);

/** The library in this process, for models and reference answers that owe nothing to the agent. */
export async function loadTfjs(backend: "cpu" | "wasm") {
  const core = await import("@tensorflow/tfjs-core");
  const layers = await import("@tensorflow/tfjs-layers");
  const converter = await import("@tensorflow/tfjs-converter");
  await import("@tensorflow/tfjs-backend-cpu");
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  if (!(await core.setBackend(backend))) throw new TypeError(`expected backend ${backend}`);
  return { core, layers, converter };
}
