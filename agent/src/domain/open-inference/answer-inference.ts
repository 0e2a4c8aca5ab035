import { type AskedModel, findServed, type Loadable } from "./find-served.ts";
import { parseInferRequest } from "./parse-infer-request.ts";
import { type InferAnswer, writeInferAnswer } from "./write-infer-answer.ts";

/** A request of the Open Inference Protocol v2 as it arrived, over whatever. */
export interface InferBody {
  readonly bytes: Uint8Array;
  /** `Inference-Header-Content-Length`: length of the JSON part, where binary data follows. */
  readonly headerLength: string | undefined;
}

/** @throws InferError; RequestRefused FORMAT or TOO_LARGE */
export async function answerInference(
  asked: AskedModel,
  { bytes, headerLength }: InferBody,
  loadable: Loadable,
): Promise<InferAnswer> {
  const parsed = parseInferRequest(bytes, headerLength);
  const { slot, model } = findServed(asked, loadable);
  const { outputs: wanted, inputs, timeoutMs } = parsed;
  const answer = await loadable.models.infer({
    slot,
    inputs,
    timeoutMs,
    ...(wanted === undefined ? {} : { outputs: wanted }),
    ...(asked.version === undefined ? {} : { release: model.staged.release }),
  });
  const { model: name, version } = answer.model.staged.document;
  return writeInferAnswer({ model: name, version }, answer.outputs, parsed);
}
