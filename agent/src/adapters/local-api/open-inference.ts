import { elementTypes, type ReleaseReference, type TensorSpec } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";
import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";
import { parseInferRequest } from "./parse-infer-request.ts";
import type { Route } from "./parse-route.ts";
import type { ServedModels, ServedSlot } from "./served-models.ts";
import { writeInferAnswer } from "./write-infer-answer.ts";

export interface OpenInferenceOptions {
  readonly models: ServedModels;
  /** Installed releases that do not answer yet, as in the first moments after a start. */
  readonly loading?: () => readonly ReleaseReference[];
  /** Body of `GET /v2/modelfleet/status`. */
  readonly status: () => unknown;
  readonly agentVersion: string;
}

export interface InferBody {
  readonly bytes: Buffer;
  /** `Inference-Header-Content-Length` */
  readonly headerLength: string | undefined;
}

type Loadable = Pick<OpenInferenceOptions, "models" | "loading">;
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
      return modelMetadata(findSlot(route, options));
    case "model-ready":
      return modelReady(findSlot(route, options));
    case "infer":
      throw new TypeError("expected a route to read");
  }
}

/** @throws InferError; RequestRefused FORMAT */
export async function answerInfer(
  route: ModelRoute,
  { bytes, headerLength }: InferBody,
  options: Loadable,
): Promise<HttpAnswer> {
  const parsed = parseInferRequest(bytes, headerLength);
  const { slot, model } = findSlot(route, options);
  const { outputs: wanted, inputs, timeoutMs } = parsed;
  const answer = await options.models.infer({
    slot,
    inputs,
    timeoutMs,
    ...(wanted === undefined ? {} : { outputs: wanted }),
    ...(route.version === undefined ? {} : { release: model.staged.release }),
  });
  const { model: name, version } = answer.model.staged.document;
  return writeInferAnswer({ model: name, version }, answer.outputs, parsed);
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

/** @throws InferError UNKNOWN_MODEL; NOT_READY while it is being loaded, or no model runs at all */
function findSlot({ model, version }: ModelRoute, { models, loading }: Loadable): ServedSlot {
  const isAsked = (release: Pick<ReleaseReference, "model" | "version">) =>
    release.model === model && (version === undefined || release.version === version);
  const slots = models.slots();
  const found = slots.find(({ model: served }) => isAsked(served.staged.document));
  if (found !== undefined) return found;
  const coming = loading?.() ?? [];
  const wanted = coming.filter(isAsked);
  if (wanted.length > 0) throw notReady(wanted);
  if (slots.length === 0) throw notReady(coming);
  const known = slots.map(({ model: served }) => nameOf(served.staged.document)).join(", ");
  const asked = version === undefined ? model : `${model} ${version}`;
  throw new InferError(
    "UNKNOWN_MODEL",
    `model ${asked.slice(0, 140)}: expected one that is active here (${known}), got another`,
  );
}

function nameOf({ model, version }: { readonly model: string; readonly version: string }): string {
  return `${model} ${version}`;
}

function notReady([coming]: readonly ReleaseReference[]): InferError {
  const text =
    coming === undefined
      ? "no model runs on this device; deploy one"
      : `the release ${nameOf(coming)} is being loaded; try again in a second`;
  return new InferError("NOT_READY", text);
}
