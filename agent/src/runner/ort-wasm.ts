import { readFile } from "node:fs/promises";
import type { InferenceSession } from "onnxruntime-web";
import { hideFloat16Array } from "./hide-float16-array.ts";
import { onnxOnly, proveLibrary, sessionModel } from "./ort-session.ts";
import type { Runtime } from "./runtime.ts";

const options: InferenceSession.SessionOptions = {
  executionProviders: ["wasm"],
  logSeverityLevel: 4,
  extra: { session: onnxOnly },
};

/**
 * ONNX Runtime compiled to WebAssembly: where the native build has no binary (32-bit ARM), or its binary does not
 * load (musl, a broken installation). One thread; the model goes in as bytes, and the memory it took is given
 * back only by the end of the process.
 */
export async function startOrtWasm(): Promise<Runtime> {
  hideFloat16Array();
  const library = await import("onnxruntime-web");
  // Threads would be workers in Node too; one thread is what was measured (agent.md 11.2).
  library.env.wasm.numThreads = 1;
  await proveLibrary(library, options);
  return {
    name: `onnxruntime-web ${library.env.versions.web ?? "unknown"}`,
    load: async ({ path }) => {
      const session = await library.InferenceSession.create(await readFile(path), options);
      return sessionModel(session, library.Tensor);
    },
  };
}
