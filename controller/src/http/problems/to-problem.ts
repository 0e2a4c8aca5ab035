import { STATUS_CODES } from "node:http";
import { isCodedError, type Problem } from "@modelfleet/protocol";
import { HttpException } from "@nestjs/common";
import { PlanInvalid } from "../../domain/errors.ts";
import { RequestInvalid, TooManyError } from "./http-error.ts";
import { problemStatus } from "./problem-status.ts";

export type Judged =
  | {
      readonly kind: "expected";
      readonly problem: Problem;
      /** Where it is known better than `apiLimits.retryAfterMs`. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "defect"; readonly problem: Problem };

/** What a failed request is answered with; a failure that nobody named is a defect of ours and tells nothing outside. */
export function toProblem(error: unknown): Judged {
  if (isCodedError(error)) {
    const status = problemStatus(error.code);
    if (status !== undefined) {
      const judged = expected(status, error.code, { detail: error.message, ...placesOf(error) });
      return error instanceof TooManyError
        ? { ...judged, retryAfterMs: error.retryAfterMs }
        : judged;
    }
  }
  if (error instanceof HttpException) return fromFramework(error.getStatus(), error.message);
  if (isFastifyError(error)) return fromFramework(error.statusCode, error.message);
  const detail = "the controller met a defect of its own; its log has the reason";
  return { kind: "defect", problem: problem(500, "DEFECT", { detail }) };
}

function placesOf(error: unknown): Omit<Told, "detail"> {
  if (error instanceof RequestInvalid) return { errors: error.errors };
  return error instanceof PlanInvalid ? { errors: [...error.errors] } : {};
}

interface Told {
  readonly detail: string;
  readonly errors?: NonNullable<Problem["errors"]>;
}

/** What the server says of a body, and we in its place. */
const sentences: readonly (readonly [said: RegExp, instead: string])[] = [
  [/^Body cannot be empty/, "expected a body of JSON, got an empty one: send at least {}"],
  [/^Body is not valid JSON/, "expected a body of JSON, got something else"],
  [/^Unsupported Media Type/, "expected a body of JSON, with content-type: application/json"],
];

const frameworkCodes: Readonly<Record<number, string>> = {
  400: "REQUEST_INVALID",
  404: "ROUTE_UNKNOWN",
  405: "METHOD_UNKNOWN",
  413: "SIZE",
  414: "URL_TOO_LONG",
  415: "MEDIA_TYPE",
  503: "CLOSING",
};

function fromFramework(status: number, detail: string): Judged {
  if (status >= 500 && status !== 503) {
    return { kind: "defect", problem: problem(500, "DEFECT", { detail: "the request failed" }) };
  }
  const [, instead = detail] = sentences.find(([said]) => said.test(detail)) ?? [];
  return expected(status, frameworkCodes[status] ?? `HTTP_${status}`, { detail: instead });
}

function expected(status: number, code: string, told: Told) {
  return { kind: "expected" as const, problem: problem(status, code, told) };
}

function problem(status: number, code: string, told: Told): Problem {
  return {
    type: `urn:modelfleet:problem:${code}`,
    title: STATUS_CODES[status] ?? "Problem",
    status,
    code,
    ...told,
  };
}

/** Fastify's own refusals of a request carry a code and a status below 500. */
function isFastifyError(error: unknown): error is Error & { readonly statusCode: number } {
  return (
    error instanceof Error &&
    "statusCode" in error &&
    typeof error.statusCode === "number" &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("FST_")
  );
}
