import { AgentError } from "./agent-error.ts";

/** Readers of what the agent answers. All throw AgentError PROTOCOL: whoever listens there is no agent of this kind. */

export type Fields = Readonly<Record<string, unknown>>;

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new AgentError("PROTOCOL", "expected an answer of JSON, got another", { cause });
  }
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (isFields(value)) return value;
  throw new AgentError("PROTOCOL", `expected ${what} in the answer, got none`);
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new AgentError("PROTOCOL", `expected ${what} in the answer, got none`);
}

export function textOf(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new AgentError("PROTOCOL", `expected ${what} in the answer, got none`);
}

export function wholeOf(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new AgentError("PROTOCOL", `expected ${what} in the answer, got none`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
