import type { RoutedRequest } from "../serving/routed-model.ts";
import { type AskedModel, findServed, type Loadable } from "./find-served.ts";
import { type ParsedInfer, parseInferRequest } from "./parse-infer-request.ts";
import { type InferAnswer, writeInferAnswer } from "./write-infer-answer.ts";

/** Which model is asked, and by whom. */
export type Asking = AskedModel & Pick<RoutedRequest, "isUnwanted">;

/** A request of the Open Inference Protocol v2 as it arrived, over whatever. */
export interface InferBody {
  readonly bytes: Uint8Array;
  /** `Inference-Header-Content-Length`: length of the JSON part, where binary data follows. */
  readonly headerLength: string | undefined;
}

/** @throws InferError; RequestRefused FORMAT or TOO_LARGE */
export async function answerInference(
  asked: Asking,
  { bytes, headerLength }: InferBody,
  loadable: Loadable,
): Promise<InferAnswer> {
  return answerParsed(asked, parseInferRequest(bytes, headerLength), loadable);
}

/** @throws InferError */
export async function answerParsed(
  asked: Asking,
  parsed: ParsedInfer,
  loadable: Loadable,
): Promise<InferAnswer> {
  const { slot, pin } = findServed(asked, loadable);
  const { outputs: wanted, inputs, timeoutMs, sequence } = parsed;
  const { naming } = loadable;
  const id = parsed.id ?? naming?.nextId();
  const key = keyOf(parsed);
  const { isUnwanted } = asked;
  const answer = await loadable.models.infer({
    slot,
    inputs,
    timeoutMs,
    ...pin,
    ...(id === undefined ? {} : { id }),
    ...(wanted === undefined ? {} : { outputs: wanted }),
    ...(key === undefined ? {} : { key }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(isUnwanted === undefined ? {} : { isUnwanted }),
  });
  const isNamed = parsed.id === undefined && naming?.takesLabels(answer.model.staged.release);
  return writeInferAnswer(answer, isNamed === true ? { ...parsed, id } : parsed);
}

/** What a canary's share is decided by: what the application says, else what keeps its requests together. */
function keyOf({ requestKey, sequence, id }: ParsedInfer): string | undefined {
  return requestKey ?? sequence?.id ?? id;
}
