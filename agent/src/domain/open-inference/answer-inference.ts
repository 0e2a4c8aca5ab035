import { type AskedModel, findServed, type Loadable } from "./find-served.ts";
import { type ParsedInfer, parseInferRequest } from "./parse-infer-request.ts";
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
  return answerParsed(asked, parseInferRequest(bytes, headerLength), loadable);
}

/** @throws InferError */
export async function answerParsed(
  asked: AskedModel,
  parsed: ParsedInfer,
  loadable: Loadable,
): Promise<InferAnswer> {
  const { slot, pin } = findServed(asked, loadable);
  const { outputs: wanted, inputs, timeoutMs, sequence } = parsed;
  const key = keyOf(parsed);
  const answer = await loadable.models.infer({
    slot,
    inputs,
    timeoutMs,
    ...pin,
    ...(wanted === undefined ? {} : { outputs: wanted }),
    ...(key === undefined ? {} : { key }),
    ...(sequence === undefined ? {} : { sequence }),
  });
  return writeInferAnswer(answer, parsed);
}

/** What a canary's share is decided by: what the application says, else what keeps its requests together. */
function keyOf({ requestKey, sequence, id }: ParsedInfer): string | undefined {
  return requestKey ?? sequence?.id ?? id;
}
