import { AgentError } from "./agent-error.ts";
import type { AgentLine } from "./agent-line.ts";
import { parseJson } from "./read-answer.ts";

export interface AskOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface TimedAsk {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** @throws AgentError */
export async function askJson(line: AgentLine, path: string, ask: TimedAsk): Promise<unknown> {
  const { body } = await line.ask({ ...ask, method: "GET", path, repeat: "unanswered" });
  return parseJson(body);
}

/** False also while nobody answers. @throws AgentError for any other reason than that it is not ready */
export async function isReady(line: AgentLine, path: string, ask: TimedAsk): Promise<boolean> {
  try {
    await line.ask({ ...ask, method: "GET", path, repeat: "never" });
    return true;
  } catch (cause) {
    const isNotYet =
      cause instanceof AgentError && (cause.code === "NOT_READY" || cause.code === "UNREACHABLE");
    if (isNotYet) return false;
    throw cause;
  }
}
