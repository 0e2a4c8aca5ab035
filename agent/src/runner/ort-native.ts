import type { InferenceSession } from "onnxruntime-node";
import { hideFloat16Array } from "./hide-float16-array.ts";
import { onnxOnly, proveLibrary, sessionModel } from "./ort-session.ts";
import type { Runtime } from "./runtime.ts";

/** ONNX Runtime's native build, on the processor. */
export async function startOrtNative(): Promise<Runtime> {
  hideFloat16Array();
  const library = await import("onnxruntime-node");
  await proveLibrary(library, sessionOptions(1));
  return {
    name: `onnxruntime-node ${library.env.versions.node ?? "unknown"}`,
    load: async ({ path }, { threads }) => {
      const session = await library.InferenceSession.create(path, sessionOptions(threads));
      return sessionModel(session, library.Tensor);
    },
  };
}

function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Spinning threads double the processor time of an inference at the same latency (agent.md 10.5).
    extra: {
      session: {
        ...onnxOnly,
        intra_op: { allow_spinning: "0" },
        inter_op: { allow_spinning: "0" },
      },
    },
  };
}
