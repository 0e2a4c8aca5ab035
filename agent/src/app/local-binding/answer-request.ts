import { localBusLimits } from "@modelfleet/protocol";
import type { BindingPlan } from "../../domain/binding/binding-plan.ts";
import { replyTopic } from "../../domain/binding/reply-place.ts";
import { answerParsed } from "../../domain/open-inference/answer-inference.ts";
import type { Loadable } from "../../domain/open-inference/find-served.ts";
import { parseInferRequest } from "../../domain/open-inference/parse-infer-request.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import type { InferAnswer } from "../../domain/open-inference/write-infer-answer.ts";
import type { LocalAnswer, LocalMessage } from "../../ports/local-bus.ts";
import { errorPayload, type LocalError } from "./local-error.ts";

/** A request of the Open Inference Protocol over MQTT, and for which model it came. */
export interface LocalRequest {
  readonly model: string;
  readonly message: LocalMessage;
}

/** @throws InferError, RequestRefused; `errorAnswer` tells it */
export async function answerRequest(
  plan: BindingPlan,
  { model, message }: LocalRequest,
  loadable: Loadable,
): Promise<LocalAnswer> {
  const parsed = parseInferRequest(message.payload, message.headerLength);
  const topic = replyTopic(plan, { model, responseTopic: message.responseTopic, id: parsed.id });
  if (topic === undefined) throw noReply();
  const answer = await answerParsed({ model, version: undefined }, parsed, loadable);
  return { topic, ...bodyOf(answer), ...replying(plan, message) };
}

/** What is published instead of an answer; undefined where there is no topic for it. */
export function errorAnswer(
  plan: BindingPlan,
  { model, message }: LocalRequest,
  error: LocalError,
): LocalAnswer | undefined {
  const id = idOf(message);
  const topic = replyTopic(plan, { model, responseTopic: message.responseTopic, id });
  if (topic === undefined) return undefined;
  const payload = errorPayload(error, id);
  return { topic, payload, contentType: "application/json", ...replying(plan, message) };
}

function replying({ requests }: BindingPlan, { correlation }: LocalMessage) {
  return { qos: requests?.qos ?? 0, correlation };
}

function bodyOf({ json, binary }: InferAnswer) {
  const head = Buffer.from(json);
  if (binary.length === 0) return { payload: head, contentType: "application/json" };
  const headerLength = String(head.length);
  const payload = Buffer.concat([head, ...binary]);
  return { payload, headerLength, contentType: "application/octet-stream" };
}

function noReply(): RequestRefused {
  return new RequestRefused(
    "FORMAT",
    "response topic: expected one that nothing here subscribes to",
  );
}

/** Of a request that was refused before it was understood: who asked waits at a topic with its id. */
function idOf({ payload, headerLength }: LocalMessage): string | undefined {
  // What is too large is not parsed, not even to tell so.
  if (payload.length > localBusLimits.payloadBytesMax) return undefined;
  try {
    const head = payload.subarray(0, headerLength === undefined ? undefined : Number(headerLength));
    const request: unknown = JSON.parse(new TextDecoder().decode(head));
    if (typeof request !== "object" || request === null || !("id" in request)) return undefined;
    return typeof request.id === "string" ? request.id.slice(0, 256) : undefined;
  } catch {
    return undefined; // Not JSON: it has no id, and the error says that it is none.
  }
}
