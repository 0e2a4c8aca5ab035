import { claimLimits, EnrolRequest, FormatError, parseStrictJson } from "@modelfleet/protocol";
import type { EnrolDevice } from "../app/fleet/enrol-device.ts";
import { toProblem } from "./problems/to-problem.ts";

/**
 * `POST /v1/enrol` for a device that comes by the broker: the same bodies, a refusal too (protocol.md 2.8).
 *
 * @throws what nobody expected; the device gets no answer then
 */
export async function enrolOverBus(enrol: EnrolDevice, question: Uint8Array): Promise<Uint8Array> {
  return new TextEncoder().encode(JSON.stringify(await answerOf(enrol, question)));
}

async function answerOf(enrol: EnrolDevice, question: Uint8Array): Promise<object> {
  try {
    return await enrol.run(parse(question));
  } catch (error) {
    const judged = toProblem(error);
    if (judged.kind === "defect") throw error;
    return judged.problem;
  }
}

/** @throws FormatError */
function parse(question: Uint8Array): EnrolRequest {
  const value = parseStrictJson(question, { bytesMax: claimLimits.requestBytesMax });
  const request = EnrolRequest.safeParse(value);
  if (request.success) return request.data;
  throw new FormatError("FORMAT", "expected an enrolment request: {envelope, mac}, both base64");
}
