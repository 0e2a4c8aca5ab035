import type { Command } from "commander";

/** What people on the device say about its updates. Each resolves to what it came to. */
export interface UpdateWords {
  readonly lock: (options: LockOptions) => Promise<LockAnswer>;
  readonly unlock: (options: AgentOptions) => Promise<LockAnswer>;
  readonly deny: (options: DenyOptions) => Promise<DenyAnswer>;
}

export interface AgentOptions {
  readonly data: string;
  /** Where the running agent listens, when it is not where it says. */
  readonly socket?: string;
}

export interface LockOptions extends AgentOptions {
  readonly reason?: string;
}

export interface DenyOptions extends LockOptions {
  readonly slot: string;
}

export interface LockAnswer {
  readonly locked: boolean;
  /** Of the agent: one that is stopped finds it at its next start. */
  readonly agent: "running" | "stopped";
}

export interface DenyAnswer {
  readonly slot: string;
  readonly denied: string;
}

interface JsonOption {
  readonly json?: boolean;
}

const DATA = ["--data <folder>", "the device's data folder"] as const;
const SOCKET = ["--socket <path>", "the running agent's socket (default: where it says)"] as const;
const REASON = ["--reason <text>", "why, for whoever asks"] as const;
const JSON_FLAG = ["--json", "answer in JSON"] as const;

/** `lock`, `unlock` and `deny`. */
export function addUpdateWords(
  program: Command,
  commands: UpdateWords,
  out: (text: string) => void,
): void {
  program
    .command("lock")
    .description("hold updates back: they are fetched and proven, and nothing new begins to serve")
    .requiredOption(...DATA)
    .option(...REASON)
    .option(...SOCKET)
    .option(...JSON_FLAG)
    .addHelpText("before", example("lock --data ./cam-1 --reason 'measuring until noon'"))
    .action(async (options: LockOptions & JsonOption) => {
      out(lockText(await commands.lock(options), options));
    });
  program
    .command("unlock")
    .description("let updates begin to serve again")
    .requiredOption(...DATA)
    .option(...SOCKET)
    .option(...JSON_FLAG)
    .addHelpText("before", example("unlock --data ./cam-1"))
    .action(async (options: AgentOptions & JsonOption) => {
      out(lockText(await commands.unlock(options), options));
    });
  program
    .command("deny")
    .description("refuse the release that waits to take a slot; only another order brings it again")
    .requiredOption(...DATA)
    .option("--slot <slot>", "which slot", "main")
    .option(...REASON)
    .option(...SOCKET)
    .option(...JSON_FLAG)
    .addHelpText("before", example("deny --data ./cam-1 --reason 'not before the harvest'"))
    .action(async (options: DenyOptions & JsonOption) => {
      const answer = await commands.deny(options);
      const text = `slot ${answer.slot}: ${answer.denied} is refused`;
      out(`${options.json === true ? JSON.stringify(answer) : text}\n`);
    });
}

function example(words: string): string {
  return `Example:\n  modelfleet agent ${words}\n`;
}

function lockText(answer: LockAnswer, { json }: JsonOption): string {
  if (json === true) return `${JSON.stringify(answer)}\n`;
  const state = answer.locked ? "locked: nothing new begins to serve" : "unlocked";
  const when = answer.agent === "running" ? "" : "; the agent is not running and finds it so";
  return `${state}${when}\n`;
}
