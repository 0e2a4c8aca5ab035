import { claimLimits, EnrolAnswer, Problem } from "@modelfleet/protocol";
import { EnrolError } from "../../domain/enrol-error.ts";
import type { EnrolmentService } from "../../ports/enrolment-service.ts";
import { readText } from "./read-text.ts";
import { type HttpAnswer, isSuccess, reasonOf, sendRequest } from "./send-request.ts";

const answerBytesMax = 4 * claimLimits.requestBytesMax;
const answerMsMax = 30_000;

/** `POST /v1/enrol` of the controller (trust.md 7). */
export const httpEnrolment: EnrolmentService = {
  ask: async ({ controllerUrl }, request) => {
    const { answer, text } = await post(controllerUrl, JSON.stringify(request));
    const body = parseJson(text);
    if (!isSuccess(answer)) throw new EnrolError("REFUSED", refusalOf(answer.statusCode, body));
    const parsed = EnrolAnswer.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new EnrolError("CREDENTIAL", `expected root and credential from ${controllerUrl}`);
  },
};

async function post(
  controllerUrl: string,
  body: string,
): Promise<{ readonly answer: HttpAnswer; readonly text: string }> {
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  };
  const signal = AbortSignal.timeout(answerMsMax);
  try {
    const url = new URL("/v1/enrol", controllerUrl);
    const answer = await sendRequest(url, { method: "POST", headers, body, signal });
    return { answer, text: await readText(answer, answerBytesMax, tooLarge) };
  } catch (cause) {
    throw unreachable(controllerUrl, cause);
  }
}

function tooLarge(): EnrolError {
  return new EnrolError("CREDENTIAL", `expected an answer of at most ${answerBytesMax} bytes`);
}

/** Also an answer that breaks off half way. */
function unreachable(controllerUrl: string, cause: unknown): EnrolError {
  if (cause instanceof EnrolError) return cause;
  const way = "is the controller running, and reachable from this device?";
  const text = `expected an answer from ${controllerUrl}, got ${reasonOf(cause)}; ${way}`;
  return new EnrolError("UNREACHABLE", text, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EnrolError("CREDENTIAL", "expected JSON from the controller's /v1/enrol", { cause });
  }
}

/** The controller's own words: they name the cause and the way out. */
function refusalOf(status: number | undefined, body: unknown): string {
  const problem = Problem.safeParse(body);
  return problem.success
    ? `the controller refused: ${problem.data.detail}`
    : `the controller refused with HTTP status ${status}`;
}
