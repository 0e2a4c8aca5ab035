import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Runtime } from "../runtime.ts";
import { tfjsRuntime } from "./tfjs-runtime.ts";

/** TensorFlow.js with its kernels compiled to WebAssembly, one thread. */
export async function startTfjsWasm(): Promise<Runtime> {
  const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  // Else it would look for its binaries beside the program that runs.
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(entry)}/`);
  setThreadsCount(1);
  return startPlain("wasm");
}

/** TensorFlow.js in plain JavaScript: slow, and runs wherever Node does. */
export async function startTfjsCpu(): Promise<Runtime> {
  await import("@tensorflow/tfjs-backend-cpu");
  return startPlain("cpu");
}

async function startPlain(backend: "wasm" | "cpu"): Promise<Runtime> {
  const core = await import("@tensorflow/tfjs-core");
  const { loadLayersModel } = await import("@tensorflow/tfjs-layers");
  const { loadGraphModel } = await import("@tensorflow/tfjs-converter");
  core.enableProdMode();
  if (!(await core.setBackend(backend))) {
    throw new TypeError(`expected the backend ${backend} to start, got none`);
  }
  const { engine, env, memory, neg, tensor } = core;
  const library = { engine, env, memory, neg, tensor, loadLayersModel, loadGraphModel };
  return await tfjsRuntime(`tfjs-${backend} ${core.version_core}`, library);
}
