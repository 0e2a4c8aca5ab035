import type { TensorSpec } from "@modelfleet/protocol";
import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-node";
import type { WireTensor } from "../wire/wire-tensor.ts";
import { fromOrt, toOrt } from "./ort-tensor.ts";
import type { RuntimeModel } from "./runtime.ts";

/** y = −x for one number: small enough that only a broken runtime cannot run it. */
const PROBE = Buffer.from(
  "CAg6NgoLCgF4EgF5IgNOZWcSBXBsYWluWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ==",
  "base64",
);

/**
 * Left to itself, the library takes bytes whose fifth to eighth spell `ORTM` for a format of its own, which nobody has
 * scanned; in a model of ONNX they may stand there as well.
 */
export const onnxOnly = { load_model_format: "ONNX" } as const;

/** What ONNX Runtime's packages have in common. */
export interface OrtLibrary {
  readonly InferenceSession: {
    readonly create: (
      model: Uint8Array,
      options?: InferenceSession.SessionOptions,
    ) => Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** A whole session of a model of ours. @throws the library's own error when it cannot run even that */
export async function proveLibrary(
  { InferenceSession: Session, Tensor: OrtTensor }: OrtLibrary,
  options: InferenceSession.SessionOptions,
): Promise<void> {
  const session = await Session.create(PROBE, options);
  const { y } = await session.run({ x: new OrtTensor("float32", Float32Array.of(2), [1]) });
  const came = y?.data[0];
  await session.release();
  if (came !== -2) throw new TypeError(`expected −2 of a probe, got ${String(came)}`);
}

/** A session as the runner sees a model. */
export function sessionModel(
  session: InferenceSession,
  OrtTensor: TensorConstructor,
): RuntimeModel {
  return {
    inputs: session.inputMetadata.map(readSpec),
    outputs: session.outputMetadata.map(readSpec),
    run: async (tensors, outputs) => {
      const feeds = feedsOf(OrtTensor, tensors);
      const answers = outputs.length === 0 ? session.run(feeds) : session.run(feeds, [...outputs]);
      return orderedAnswers(outputs.length === 0 ? session.outputNames : outputs, await answers);
    },
    dispose: () => session.release(),
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
  return { name, dtype: type, shape: shape.map(readSize) };
}

const SIZE_MAX = 2 ** 31 - 1;

/**
 * A free dimension has a symbolic name, which may be the empty string; for that the WebAssembly build (1.30) gives
 * −1 read as an unsigned number, 4294967295.
 */
function readSize(size: number | string): number {
  return typeof size === "number" && size <= SIZE_MAX ? size : -1;
}
