import { elementTypes, type TensorSpec } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";
import { answerInference, type InferBody } from "../../domain/open-inference/answer-inference.ts";
import { findServed, type Loadable, notReady } from "../../domain/open-inference/find-served.ts";
import type { ServedSlot } from "../../domain/open-inference/served-models.ts";
import type { InferAnswer } from "../../domain/open-inference/write-infer-answer.ts";
import { type HttpAnswer, jsonAnswer, textAnswer } from "./http-answer.ts";
import type { Route } from "./parse-route.ts";

export interface OpenInferenceOptions extends Loadable {
  /** Body of `GET /v2/modelfleet/status`. */
  readonly status: () => unknown;
  readonly agentVersion: string;
}

type ModelRoute = Extract<Route, { readonly model: string }>;

/** The routes that only tell. @throws InferError */
export function answerGet(route: Route, options: OpenInferenceOptions): HttpAnswer {
  switch (route.kind) {
    case "server":
      return jsonAnswer(200, {
        name: "modelfleet",
        version: options.agentVersion,
        extensions: ["binary_tensor_data"],
      });
    case "live":
      return jsonAnswer(200, { live: true });
    case "ready":
      return serverReady(options);
    case "status":
      return jsonAnswer(200, options.status());
    case "model":
      return modelMetadata(findServed(route, options));
    case "model-ready":
      return modelReady(findServed(route, options));
    case "infer":
      throw new TypeError("expected a route to read");
  }
}

/** @throws InferError; RequestRefused FORMAT */
export async function answerInfer(
  route: ModelRoute,
  body: InferBody,
  options: Loadable,
): Promise<HttpAnswer> {
  return httpAnswerOf(await answerInference(route, body, options));
}

function httpAnswerOf({ json, binary }: InferAnswer): HttpAnswer {
  if (binary.length === 0) return textAnswer(200, json);
  const jsonBytes = Buffer.from(json);
  return {
    status: 200,
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(jsonBytes.length),
    },
    body: [jsonBytes, ...binary],
  };
}

function serverReady({ models, loading }: Loadable): HttpAnswer {
  const slots = models.slots();
  if (slots.length === 0) throw notReady(loading?.() ?? []);
  for (const slot of slots) refuseNotReady(slot);
  return jsonAnswer(200, { ready: true });
}

function modelReady(slot: ServedSlot): HttpAnswer {
  refuseNotReady(slot);
  return jsonAnswer(200, { name: slot.model.staged.document.model, ready: true });
}

function refuseNotReady({ isReady, model }: ServedSlot): void {
  if (isReady) return;
  const { model: name, version } = model.staged.document;
  throw new InferError("NOT_READY", `model ${name} ${version}: its runner is being restarted`);
}

function modelMetadata({ model }: ServedSlot): HttpAnswer {
  const { model: name, version, format } = model.staged.document;
  return jsonAnswer(200, {
    name,
    versions: [version],
    platform: `${format}_${format}runtime`,
    inputs: model.inputs.map(describe),
    outputs: model.outputs.map(describe),
  });
}

function describe({ name, dtype, shape }: TensorSpec): object {
  return { name, datatype: elementTypes[dtype].oip, shape };
}
