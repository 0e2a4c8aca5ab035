import type { TensorSpec } from "@modelfleet/protocol";
import type { Env, InferenceSession, Tensor, TensorConstructor } from "onnxruntime-node";
import type { WireTensor } from "../wire/wire-tensor.ts";
import { hideFloat16Array } from "./hide-float16-array.ts";
import { fromOrt, toOrt } from "./ort-tensor.ts";
import type { Runtime, RuntimeModel, RuntimeOptions } from "./runtime.ts";

/** ONNX Runtime's native build, on the processor. */
export const ortNative: Runtime = {
  load: async (path, options) => {
    hideFloat16Array();
    const { InferenceSession, Tensor, env } = await import("onnxruntime-node");
    const session = await InferenceSession.create(path, sessionOptions(options));
    return nativeModel(session, Tensor, env.versions.node);
  },
};

function sessionOptions({ threads }: RuntimeOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Spinning threads double the processor time of an inference at the same latency (agent.md 10.5).
    extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
  };
}

function nativeModel(
  session: InferenceSession,
  OrtTensor: TensorConstructor,
  version: Env["versions"]["node"],
): RuntimeModel {
  return {
    inputs: session.inputMetadata.map(readSpec),
    outputs: session.outputMetadata.map(readSpec),
    runtime: `onnxruntime-node ${version ?? "unknown"}`,
    run: async (tensors, outputs) => {
      const feeds = feedsOf(OrtTensor, tensors);
      const answers = outputs.length === 0 ? session.run(feeds) : session.run(feeds, [...outputs]);
      return orderedAnswers(outputs.length === 0 ? session.outputNames : outputs, await answers);
    },
  };
}

function feedsOf(
  OrtTensor: TensorConstructor,
  tensors: readonly WireTensor[],
): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, toOrt(tensor, OrtTensor)]));
}

function orderedAnswers(
  names: readonly string[],
  answers: InferenceSession.ReturnType,
): readonly WireTensor[] {
  return names.map((name) => {
    const tensor = answers[name];
    if (tensor === undefined) throw new TypeError(`expected output ${name}, got none`);
    return fromOrt(name, tensor);
  });
}

/** A free dimension has a symbolic name, which may be the empty string. */
function readSpec(metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor) {
    throw new TypeError(
      `expected ${metadata.name} to be a tensor, got a sequence or a map; export the model without ZipMap`,
    );
  }
  const { name, type, shape } = metadata;
  if (type === "int4" || type === "uint4") {
    throw new TypeError(`expected ${name} of whole bytes an element, got ${type}`);
  }
  return { name, dtype: type, shape: shape.map((size) => (typeof size === "number" ? size : -1)) };
}
