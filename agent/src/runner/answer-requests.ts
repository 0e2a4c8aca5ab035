import {
  cutMessage,
  type RunnerAnswer,
  type RunnerFailure,
  type RunnerRequest,
} from "../wire/message.ts";
import type { RuntimeId } from "../wire/runtime-id.ts";
import { type Runtime, type RuntimeModel, RuntimeUnavailable, TensorRefused } from "./runtime.ts";

type Ask<Kind extends RunnerRequest["kind"]> = Extract<RunnerRequest, { readonly kind: Kind }>;
type Answer = Promise<RunnerAnswer>;

/**
 * The runner's one conversation: start a runtime, load a model, then answer inferences in the order they come.
 *
 * @param hasLoaded told before a model's first answer, for what a process does that has nothing else to do
 * @returns a function from request to answer; it never rejects
 */
export function answerRequests(
  start: (id: RuntimeId) => Promise<Runtime>,
  hasLoaded: () => void = () => undefined,
): (request: RunnerRequest) => Answer {
  let runtime: Runtime | undefined;
  let model: RuntimeModel | undefined;

  const startRuntime = async ({ id, runtime: wanted }: Ask<"start">): Answer => {
    try {
      runtime = await start(wanted);
      return { kind: "started", id, runtime: runtime.name };
    } catch (error) {
      if (!(error instanceof RuntimeUnavailable)) throw error;
      return failure(id, "RUNTIME_UNAVAILABLE", error);
    }
  };
  const loadModel = async ({ id, path, weights, threads }: Ask<"load">): Answer => {
    if (runtime === undefined) return failure(id, "LOAD_FAILED", "expected a started runtime");
    try {
      model = await runtime.load({ path, weights }, { threads });
      hasLoaded();
      return { kind: "loaded", id, inputs: model.inputs, outputs: model.outputs };
    } catch (error) {
      return failure(id, "LOAD_FAILED", error);
    }
  };

  return async (request) => {
    switch (request.kind) {
      case "ping":
      case "stop":
        return { kind: "pong", id: request.id };
      case "infer":
        return infer(model, request);
      case "start":
        return startRuntime(request);
      case "load":
        return loadModel(request);
    }
  };
}

async function infer(
  model: RuntimeModel | undefined,
  { id, tensors, outputs }: Ask<"infer">,
): Answer {
  if (model === undefined) return failure(id, "RUN_FAILED", "expected a loaded model, got none");
  try {
    return { kind: "answer", id, tensors: await model.run(tensors, outputs) };
  } catch (error) {
    return failure(id, error instanceof TensorRefused ? "BAD_TENSOR" : "RUN_FAILED", error);
  }
}

function failure(id: number, code: RunnerFailure, error: unknown): RunnerAnswer {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", id, code, message: cutMessage(message) };
}
