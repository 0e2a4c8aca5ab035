import {
  cutMessage,
  type RunnerAnswer,
  type RunnerFailure,
  type RunnerRequest,
} from "../wire/message.ts";
import { type Runtime, type RuntimeModel, TensorRefused } from "./runtime.ts";

type Ask<Kind extends RunnerRequest["kind"]> = Extract<RunnerRequest, { readonly kind: Kind }>;

/**
 * The runner's one conversation: load a model, then answer inferences in the order they come.
 *
 * @returns a function from request to answer; it never rejects
 */
export function answerRequests(
  runtime: Runtime,
): (request: RunnerRequest) => Promise<RunnerAnswer> {
  let model: RuntimeModel | undefined;
  return async (request) => {
    switch (request.kind) {
      case "ping":
      case "stop":
        return { kind: "pong", id: request.id };
      case "infer":
        return infer(model, request);
      case "load": {
        const { loaded, answer } = await load(runtime, request);
        model = loaded;
        return answer;
      }
    }
  };
}

async function load(
  runtime: Runtime,
  { id, path, threads }: Ask<"load">,
): Promise<{ readonly loaded: RuntimeModel | undefined; readonly answer: RunnerAnswer }> {
  try {
    const loaded = await runtime.load(path, { threads });
    const { inputs, outputs } = loaded;
    return { loaded, answer: { kind: "loaded", id, inputs, outputs, runtime: loaded.runtime } };
  } catch (error) {
    return { loaded: undefined, answer: failure(id, "LOAD_FAILED", error) };
  }
}

async function infer(
  model: RuntimeModel | undefined,
  { id, tensors, outputs }: Ask<"infer">,
): Promise<RunnerAnswer> {
  if (model === undefined) {
    return { kind: "failed", id, code: "RUN_FAILED", message: "expected a loaded model, got none" };
  }
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
