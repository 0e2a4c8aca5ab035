import type { TensorSpec } from "@modelfleet/protocol";
import { FrameError, type ReadBody } from "./frame.ts";
import { readArray, readRecord, readText, readWhole } from "./read-json.ts";
import { isRuntimeId, type RuntimeId } from "./runtime-id.ts";
import { readElements } from "./string-elements.ts";
import { readTensorForm, tensorReader, type WireTensor } from "./wire-tensor.ts";

/** What the supervisor asks. The runner answers each id once, in the order it was asked. */
export type RunnerRequest =
  | { readonly kind: "start"; readonly id: number; readonly runtime: RuntimeId }
  | {
      /** With the runtime that was started. */
      readonly kind: "load";
      readonly id: number;
      readonly path: string;
      /** Files of weights beside the model's own, in its order. */
      readonly weights: readonly string[];
      readonly threads: number;
    }
  | {
      readonly kind: "infer";
      readonly id: number;
      readonly tensors: readonly WireTensor[];
      /** Names of the outputs wanted; all when empty. */
      readonly outputs: readonly string[];
    }
  | { readonly kind: "ping"; readonly id: number }
  | { readonly kind: "stop"; readonly id: number };

export type RunnerAnswer =
  /** `runtime` is name and version, like `onnxruntime-node 1.30.0`. */
  | { readonly kind: "started"; readonly id: number; readonly runtime: string }
  | {
      readonly kind: "loaded";
      readonly id: number;
      readonly inputs: readonly TensorSpec[];
      readonly outputs: readonly TensorSpec[];
    }
  | { readonly kind: "answer"; readonly id: number; readonly tensors: readonly WireTensor[] }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly code: RunnerFailure;
      readonly message: string;
    }
  | { readonly kind: "pong"; readonly id: number };

/** `RUNTIME_UNAVAILABLE` says nothing about any model: another runtime may run it. */
const failures = ["RUNTIME_UNAVAILABLE", "LOAD_FAILED", "BAD_TENSOR", "RUN_FAILED"] as const;
export type RunnerFailure = (typeof failures)[number];

const NAMES_MAX = 64;
const NAME_CHARACTERS_MAX = 256;
const PATH_CHARACTERS_MAX = 4_096;
/** As many as a release has files. */
const WEIGHTS_MAX = 32;
const MESSAGE_CHARACTERS_MAX = 2_048;
const THREADS_MAX = 64;

/** What a frame of this header asks; its id and its body are read each time. @throws FrameError */
export function readRunnerRequest(header: unknown): ReadBody<RunnerRequest> {
  const fields = readRecord(header, "a request");
  const kind = fields["kind"];
  switch (kind) {
    case "start": {
      const runtime = readRuntime(fields["runtime"]);
      return (id) => ({ kind, id, runtime });
    }
    case "load": {
      const load = {
        kind,
        path: readPath(fields["path"]),
        weights: readArray(fields["weights"], "weights", WEIGHTS_MAX).map(readPath),
        threads: Math.min(readWhole(fields["threads"], "threads"), THREADS_MAX),
      } as const;
      return (id) => ({ ...load, id });
    }
    case "infer": {
      const tensorsOf = tensorReader(fields["tensors"]);
      const outputs = readNames(fields);
      return (id, body) => ({ kind, id, tensors: tensorsOf(body), outputs });
    }
    case "ping":
    case "stop":
      return (id) => ({ kind, id });
    default:
      throw new FrameError("expected a request of a known kind");
  }
}

/** @throws FrameError */
export function readRunnerAnswer(header: unknown): ReadBody<RunnerAnswer> {
  const fields = readRecord(header, "an answer");
  const kind = fields["kind"];
  switch (kind) {
    case "started": {
      const runtime = readText(fields["runtime"], "runtime", NAME_CHARACTERS_MAX);
      return (id) => ({ kind, id, runtime });
    }
    case "loaded": {
      const [inputs, outputs] = [readSpecs(fields["inputs"]), readSpecs(fields["outputs"])];
      return (id) => ({ kind, id, inputs, outputs });
    }
    case "answer": {
      const tensorsOf = tensorReader(fields["tensors"]);
      return (id, body) => {
        const tensors = tensorsOf(body);
        for (const tensor of tensors) refuseCutTexts(tensor);
        return { kind, id, tensors };
      };
    }
    case "failed": {
      const code = readFailure(fields["code"]);
      const message = readMessage(fields["message"]);
      return (id) => ({ kind, id, code, message });
    }
    case "pong":
      return (id) => ({ kind, id });
    default:
      throw new FrameError("expected an answer of a known kind");
  }
}

/** A message cut to what a frame header may hold. */
export function cutMessage(message: string): string {
  return message.slice(0, MESSAGE_CHARACTERS_MAX);
}

function readNames(fields: Readonly<Record<string, unknown>>): readonly string[] {
  return readArray(fields["outputs"], "outputs", NAMES_MAX).map((name) =>
    readText(name, "output name", NAME_CHARACTERS_MAX),
  );
}

function readSpecs(value: unknown): readonly TensorSpec[] {
  return readArray(value, "tensors", NAMES_MAX).map((item) =>
    readTensorForm(readRecord(item, "a tensor"), -1),
  );
}

/** The elements of texts have lengths of their own; a runner is not trusted to write them right. */
function refuseCutTexts(tensor: WireTensor): void {
  if (tensor.dtype !== "string") return;
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  try {
    if (readElements(tensor.bytes).length === count) return;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
  }
  throw new FrameError(`expected ${count} whole texts in tensor ${tensor.name}`);
}

function readFailure(value: unknown): RunnerFailure {
  const known = failures.find((code) => code === value);
  if (known !== undefined) return known;
  throw new FrameError("expected a known failure code");
}

function readPath(value: unknown): string {
  return readText(value, "path", PATH_CHARACTERS_MAX);
}

function readRuntime(value: unknown): RuntimeId {
  if (isRuntimeId(value)) return value;
  throw new FrameError("expected a known runtime");
}

function readMessage(value: unknown): string {
  return readText(value, "message", MESSAGE_CHARACTERS_MAX);
}
