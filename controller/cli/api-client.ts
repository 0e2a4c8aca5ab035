import { Problem } from "@modelfleet/protocol";
import type { z } from "zod";
import { CliError } from "./cli-error.ts";

export interface ApiClient {
  readonly url: string;
  /** @throws CliError UNREACHABLE (may be repeated) | REFUSED (the controller said no) | BAD_ANSWER */
  readonly call: <Schema extends z.ZodType>(
    request: ApiRequest<Schema>,
  ) => Promise<z.infer<Schema>>;
}

export interface ApiRequest<Schema extends z.ZodType> {
  readonly method: "GET" | "POST" | "PATCH";
  /** Below the controller's address, with the leading slash. */
  readonly path: string;
  readonly answer: Schema;
  readonly json?: unknown;
  readonly stream?: { readonly body: ReadableStream<Uint8Array>; readonly contentType: string };
}

/** A client of the REST API. Every answer is checked against the contract before anyone uses it. */
export function createApiClient(url: string, adminKey: string | undefined): ApiClient {
  const base = url.replace(/\/+$/, "");
  const authorization = adminKey === undefined ? {} : { authorization: `Bearer ${adminKey}` };
  return {
    url: base,
    call: async (request) => {
      const response = await send(`${base}${request.path}`, request, authorization);
      const text = await readText(response, base);
      if (!response.ok) throw refusal(text, response.status);
      const parsed = request.answer.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new CliError(
        "BAD_ANSWER",
        `${request.method} ${request.path}: unexpected answer at ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? ""}; are command and controller of the same version?`,
      );
    },
  };
}

async function send(
  address: string,
  request: ApiRequest<z.ZodType>,
  authorization: Readonly<Record<string, string>>,
): Promise<Response> {
  try {
    if (request.stream !== undefined) {
      // `duplex: "half"` lets the body stream; the types of fetch do not know it yet.
      const options = {
        method: request.method,
        headers: { ...authorization, "content-type": request.stream.contentType },
        body: request.stream.body,
        duplex: "half",
      };
      return await fetch(address, options as RequestInit);
    }
    if (request.json === undefined) {
      return await fetch(address, { method: request.method, headers: authorization });
    }
    return await fetch(address, {
      method: request.method,
      headers: { ...authorization, "content-type": "application/json" },
      body: JSON.stringify(request.json),
    });
  } catch (cause) {
    throw unreachable(new URL(address).origin, cause);
  }
}

async function readText(response: Response, base: string): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw unreachable(base, cause);
  }
}

function unreachable(origin: string, cause: unknown): CliError {
  const reason =
    cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  return new CliError(
    "UNREACHABLE",
    `no controller answers at ${origin} (${reason}): start one with "modelfleet controller start --dev", or name it with --controller URL`,
    { cause },
  );
}

function refusal(text: string, status: number): CliError {
  const problem = Problem.safeParse(parseJson(text));
  if (!problem.success)
    return new CliError("REFUSED", `the controller answered ${status}: ${text.slice(0, 200)}`);
  const places = (problem.data.errors ?? [])
    .map((error) => `\n  ${error.pointer}: ${error.detail}`)
    .join("");
  return new CliError("REFUSED", `${problem.data.code}: ${problem.data.detail}${places}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
