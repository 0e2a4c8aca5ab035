import type { IncomingMessage } from "node:http";
import { feedbackLimits } from "@modelfleet/protocol";
import { parseLabelRequest } from "../../domain/feedback/label-request.ts";
import { isRole } from "../../domain/open-inference/find-served.ts";
import { parseJson } from "../../domain/open-inference/parse-infer-request.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import type { LabelTaker } from "../../ports/label-taker.ts";
import type { BodyRoom } from "./body-room.ts";
import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";
import type { Route } from "./parse-route.ts";
import { readBody } from "./read-body.ts";

export interface FeedbackOptions {
  /** Absent where nothing is measured. */
  readonly labels?: LabelTaker;
}

/**
 * `POST /v2/models/{model}[/versions/{version}]/feedback`: what a prediction should have been.
 *
 * @throws RequestRefused
 */
export async function answerFeedback(
  { model, version }: Extract<Route, { readonly kind: "feedback" }>,
  request: IncomingMessage,
  { labels, room }: FeedbackOptions & { readonly room: BodyRoom },
): Promise<HttpAnswer> {
  const bytes = await readBody(request, { bytesMax: feedbackLimits.bodyBytesMax, room });
  if (labels === undefined) throw new RequestRefused("NOT_FOUND", "no labels are taken here");
  const asked = parseLabelRequest(parseJson(bytes));
  // A release may have taken another role since; the id says which one it was.
  const named = version === undefined || isRole(version) ? undefined : version;
  const given = labels.give({ model, version: named, request: asked });
  return jsonAnswer(200, {
    ...{ model_name: model, model_version: given.version, id: asked.id, output: given.output },
    ...{ labelled: given.labelled, errors: given.errors, repeated: given.isRepeated },
  });
}
