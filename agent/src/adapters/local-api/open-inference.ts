import { elementTypes, type TensorSpec } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";
import type { MetricsText } from "../../domain/metrics/metric.ts";
import {
  type Asking,
  answerInference,
  type InferBody,
} from "../../domain/open-inference/answer-inference.ts";
import {
  type FoundModel,
  findServed,
  type Loadable,
  notReady,
} from "../../domain/open-inference/find-served.ts";
import { parseJson } from "../../domain/open-inference/parse-infer-request.ts";
import {
  isReadyOnly,
  type RepositoryEntry,
  refuseChange,
} from "../../domain/open-inference/repository.ts";
import type { InferAnswer } from "../../domain/open-inference/write-infer-answer.ts";
import { type HttpAnswer, jsonAnswer, textAnswer } from "./http-answer.ts";
import type { Route } from "./parse-route.ts";

export interface OpenInferenceOptions extends Loadable {
  /** Body of `GET /v2/modelfleet/status`. */
  readonly status: () => unknown;
  /** Every release this device knows of. */
  readonly repository?: () => Promise<readonly RepositoryEntry[]>;
  /** `GET /metrics`. */
  readonly metrics?: () => Promise<MetricsText>;
  readonly agentVersion: string;
}

type AskedRoute = Exclude<Route, { readonly kind: "infer" | "feedback" | "repository-index" }>;

const extensions = [
  "binary_tensor_data",
  "model_repository",
  "sequence",
  "sequence(string_id)",
] as const;

/** The routes that take no body. @throws InferError; RequestRefused OWNED */
export async function answerPlain(
  route: AskedRoute,
  options: OpenInferenceOptions,
): Promise<HttpAnswer> {
  switch (route.kind) {
    case "server":
      return jsonAnswer(200, { name: "modelfleet", version: options.agentVersion, extensions });
    case "live":
      return jsonAnswer(200, { live: true });
    case "ready":
      return serverReady(options);
    case "status":
      return jsonAnswer(200, await options.status());
    case "metrics":
      return metricsAnswer(await options.metrics?.());
    case "model":
      return modelMetadata(findServed(route, options));
    case "model-ready":
      return modelReady(findServed(route, options));
    case "repository-change":
      return refuseChange();
  }
}

/** @throws InferError; RequestRefused FORMAT */
export async function answerInfer(
  asked: Asking,
  body: InferBody,
  options: Loadable,
): Promise<HttpAnswer> {
  return httpAnswerOf(await answerInference(asked, body, options));
}

/** @throws RequestRefused FORMAT */
export async function answerIndex(
  body: Uint8Array,
  { repository }: OpenInferenceOptions,
): Promise<HttpAnswer> {
  const isReadyWanted = isReadyOnly(body.length === 0 ? undefined : parseJson(body));
  const entries = (await repository?.()) ?? [];
  return jsonAnswer(
    200,
    isReadyWanted ? entries.filter(({ state }) => state === "READY") : entries,
  );
}

function metricsAnswer(metrics: MetricsText | undefined): HttpAnswer {
  const { contentType, text } = metrics ?? { contentType: "text/plain; version=0.0.4", text: "" };
  return { status: 200, headers: { "content-type": contentType }, body: [Buffer.from(text)] };
}

function httpAnswerOf({ json, binary }: InferAnswer): HttpAnswer {
  if (binary.length === 0) return textAnswer(200, json);
  const jsonBytes = alignedText(json);
  return {
    status: 200,
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(jsonBytes.length),
    },
    body: [jsonBytes, ...binary],
  };
}

/** With blanks behind it, so that the first tensor of any element type can be read where it arrives. */
function alignedText(json: string): Buffer {
  const missing = -Buffer.byteLength(json) & 7;
  return Buffer.from(missing === 0 ? json : json + " ".repeat(missing));
}

function serverReady({ models, loading }: Loadable): HttpAnswer {
  const slots = models.slots();
  if (slots.length === 0) throw notReady(loading?.() ?? []);
  for (const slot of slots) refuseNotReady(slot);
  return jsonAnswer(200, { ready: true });
}

function modelReady(slot: FoundModel): HttpAnswer {
  refuseNotReady(slot);
  return jsonAnswer(200, { name: slot.model.staged.document.model, ready: true });
}

function refuseNotReady({ isReady, model }: Pick<FoundModel, "isReady" | "model">): void {
  if (isReady) return;
  const { model: name, version } = model.staged.document;
  throw new InferError("NOT_READY", `model ${name} ${version}: its runner is being restarted`);
}

function modelMetadata({ model, versions }: FoundModel): HttpAnswer {
  const { model: name, format } = model.staged.document;
  return jsonAnswer(200, {
    name,
    versions,
    platform: `${format}_${format}runtime`,
    inputs: model.inputs.map(describe),
    outputs: model.outputs.map(describe),
  });
}

function describe({ name, dtype, shape }: TensorSpec): object {
  return { name, datatype: elementTypes[dtype].oip, shape };
}
