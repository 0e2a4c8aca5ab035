import type { IncomingMessage } from "node:http";
import { Sha256, updateLockLimits } from "@modelfleet/protocol";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import type { BodyRoom } from "./body-room.ts";
import { type DeferOptions, knownSlot } from "./defer.ts";
import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";
import { readBody } from "./read-body.ts";
import { textField } from "./text-field.ts";

const denyPath = /^\/v2\/modelfleet\/slots\/([^/]+)\/deny$/;
const bodyBytesMax = 4_096;

/**
 * `POST /v2/modelfleet/slots/{slot}/deny`: an application says no to the release that waits for it.
 *
 * @returns undefined for any other path
 * @throws RequestRefused
 */
export async function answerDenial(
  path: string,
  request: IncomingMessage,
  { holds, hasSlot, room }: DeferOptions & { readonly room: BodyRoom },
): Promise<HttpAnswer | undefined> {
  const named = denyPath.exec(path)?.[1];
  if (named === undefined || holds === undefined) return undefined;
  const slot = knownSlot(named, hasSlot);
  if (request.method !== "POST") {
    throw new RequestRefused("METHOD", `expected the method POST, got ${request.method ?? "none"}`);
  }
  const bytes = await readBody(request, { bytesMax: bodyBytesMax, room });
  const { data: release } = Sha256.safeParse(textField(bytes, "release", bodyBytesMax));
  if (release === undefined) {
    throw new RequestRefused("FORMAT", "release: expected the SHA-256 of the release that waits");
  }
  const reason = textField(bytes, "reason", updateLockLimits.reasonLengthMax);
  const why = reason === undefined || reason === "" ? "an application said no" : reason;
  if (!(await holds.deny(slot, release, why))) {
    const text = `expected the release that waits for slot ${slot}; ${release} does not, or not any more`;
    throw new RequestRefused("NOT_FOUND", text);
  }
  return jsonAnswer(200, holds.status(slot));
}
