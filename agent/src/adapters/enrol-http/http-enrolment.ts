import { claimLimits, EnrolAnswer, Problem } from "@modelfleet/protocol";
import { EnrolError } from "../../domain/enrol-error.ts";
import type { EnrolmentService } from "../../ports/enrolment-service.ts";

const answerBytesMax = 4 * claimLimits.requestBytesMax;
const answerMsMax = 30_000;

/** `POST /v1/enrol` of the controller (trust.md 7). */
export const httpEnrolment: EnrolmentService = {
  ask: async ({ controllerUrl }, request) => {
    const response = await post(controllerUrl, JSON.stringify(request));
    const text = await readCapped(response).catch((cause: unknown) => {
      throw unreachable(controllerUrl, cause);
    });
    const body = parseJson(text);
    if (!response.ok) throw new EnrolError("REFUSED", refusalOf(response.status, body));
    const parsed = EnrolAnswer.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new EnrolError("CREDENTIAL", `expected root and credential from ${controllerUrl}`);
  },
};

async function post(controllerUrl: string, body: string): Promise<Response> {
  try {
    return await fetch(new URL("/v1/enrol", controllerUrl), {
      method: "POST",
      headers: { "content-type": "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(answerMsMax),
      body,
    });
  } catch (cause) {
    throw unreachable(controllerUrl, cause);
  }
}

/** Also an answer that breaks off half way. */
function unreachable(controllerUrl: string, cause: unknown): EnrolError {
  if (cause instanceof EnrolError) return cause;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const came = inner instanceof Error ? inner.message : "no answer";
  const way = "is the controller running, and reachable from this device?";
  const text = `expected an answer from ${controllerUrl}, got ${came}; ${way}`;
  return new EnrolError("UNREACHABLE", text, { cause });
}

async function readCapped(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  if (response.body === null) return "";
  const body: AsyncIterable<Uint8Array> = response.body;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > answerBytesMax) {
      throw new EnrolError("CREDENTIAL", `expected an answer of at most ${answerBytesMax} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EnrolError("CREDENTIAL", "expected JSON from the controller's /v1/enrol", { cause });
  }
}

/** The controller's own words: they name the cause and the way out. */
function refusalOf(status: number, body: unknown): string {
  const problem = Problem.safeParse(body);
  return problem.success
    ? `the controller refused: ${problem.data.detail}`
    : `the controller refused with HTTP status ${status}`;
}
