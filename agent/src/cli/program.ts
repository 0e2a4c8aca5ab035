import { Command, CommanderError, type OutputConfiguration } from "commander";
import type { EnrolOptions, StartOptions } from "../config.ts";
import { addCapture, type CaptureWords } from "./capture-commands.ts";
import { addExchange, type ExchangeCommands } from "./exchange-commands.ts";
import { addUpdateWords, type UpdateWords } from "./update-commands.ts";

export type ExitCode = 0 | 1 | 2;

/** What the commands do; each is loaded only when it is asked for. Each returns lines for standard output. */
export interface AgentCommands extends ExchangeCommands, UpdateWords, CaptureWords {
  readonly enrol: (
    enrolment: string,
    options: EnrolOptions,
    say: (text: string) => void,
  ) => Promise<Readonly<Record<string, unknown>>>;
  readonly start: (options: StartOptions) => Promise<void>;
  readonly status: (options: StatusOptions) => Promise<StatusAnswer>;
}

export interface StatusOptions {
  readonly data: string;
  /** Where the running agent listens, when it is not `agent.sock` in the data folder. */
  readonly socket?: string;
}

export interface StatusAnswer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

interface JsonOption {
  readonly json?: boolean;
}

const dataFlag = "--data <folder>";
const dataText = "the device's data folder";

/**
 * The device's command line. Errors are one sentence on standard error, or with --json one object on standard output.
 *
 * @returns 0 done · 1 it did not work · 2 the command line was not understood
 */
export async function runAgentProgram(
  argv: readonly string[],
  commands: AgentCommands,
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    await buildProgram(commands, terminal).parseAsync(argv, { from: "user" });
    return 0;
  } catch (cause) {
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2;
    // Not from the whole contract: a package would hold all of it for this, and `--help` waits for none of it.
    const { FormatError, isCodedError } = await import("@modelfleet/protocol/errors");
    if (!isCodedError(cause)) throw cause;
    if (argv.includes("--json")) terminal.out(jsonError(cause));
    else terminal.err(`${cause.message}\n`);
    return cause instanceof FormatError ? 2 : 1;
  }
}

function buildProgram(commands: AgentCommands, terminal: Terminal): Command {
  const output: OutputConfiguration = { writeOut: terminal.out, writeErr: terminal.err };
  const program = new Command("modelfleet agent")
    .description("Runs signed models on this device: verifies, installs, swaps and serves them.")
    .addHelpText(
      "before",
      "Example:\n  modelfleet agent enrol 'mf1:…' --data ./cam-1\n  modelfleet agent start --data ./cam-1\n",
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput(output);
  addEnrol(program, commands, terminal);
  addStart(program, commands);
  addStatus(program, commands, terminal);
  addUpdateWords(program, commands, terminal.out);
  addExchange(program, commands, terminal.out);
  addCapture(program, commands, terminal.out);
  return program;
}

function addEnrol(program: Command, commands: AgentCommands, { out, err }: Terminal): void {
  program
    .command("enrol")
    .description("make this device a member of a fleet")
    .argument("<string>", "what `modelfleet claim create` printed: mf1:…")
    .requiredOption(dataFlag, dataText)
    .option("--device-id <id>", "name of the device; the controller makes one when it is absent")
    .option("--class <class>", "device class; the claim says which it admits", "generic")
    .option("--over <way>", "http, mqtt, or auto: mqtt where http reaches nobody", "auto")
    .option("--json", "answer in JSON")
    .addHelpText("before", "Example:\n  modelfleet agent enrol 'mf1:…' --data ./cam-1\n")
    .action(async (enrolment: string, options: EnrolOptions & JsonOption) => {
      const answer = await commands.enrol(enrolment, options, err);
      const text = `enrolled as ${String(answer["device"])} into fleet ${String(answer["fleet"])}`;
      out(options.json === true ? `${JSON.stringify(answer)}\n` : `${text}\n`);
    });
}

function addStart(program: Command, commands: AgentCommands): void {
  program
    .command("start")
    .description("run the agent; it writes one JSON event a line")
    .requiredOption(dataFlag, dataText)
    .option(
      "--socket <path>",
      "Unix socket of the inference API (default: agent.sock in the data folder)",
    )
    .option("--tcp-port <port>", "serve on 127.0.0.1 too; 0 takes a free port")
    .option("--window-ms <ms>", "length of a telemetry window")
    .option("--confirm-ms <ms>", "how long a new release is on trial before it is confirmed")
    .option("--memory-mib <MiB>", "memory for all models together (default: what the device has)")
    .option(
      "--isolation <way>",
      "process: each release in a process of its own; inline: in the agent's, for very small devices",
      "process",
    )
    .option("--blob-mirror <url>", "ask for model files here first; files named by their SHA-256")
    .option("--local-mqtt <file>", "answer over a local MQTT broker; JSON, see docs/local-api.md")
    .option("--mqtt-ca <file>", "authorities of the broker's certificate, PEM (default: the usual)")
    .option("--mqtt-cert <file>", "client certificate, PEM, where the controller makes none")
    .option("--mqtt-key <file>", "its key, PEM")
    .addHelpText("before", "Example:\n  modelfleet agent start --data ./cam-1\n")
    .action((options: StartOptions) => commands.start(options));
}

function addStatus(program: Command, commands: AgentCommands, { out }: Terminal): void {
  program
    .command("status")
    .description("what this device runs, asked of the running agent or read from its disk")
    .requiredOption(dataFlag, dataText)
    .option(
      "--socket <path>",
      "the running agent's socket (default: where it says that it listens)",
    )
    .option("--json", "answer in JSON")
    .addHelpText("before", "Example:\n  modelfleet agent status --data ./cam-1\n")
    .action(async (options: StatusOptions & JsonOption) => {
      const answer = await commands.status(options);
      out(options.json === true ? `${JSON.stringify(answer.json)}\n` : answer.text);
    });
}

function jsonError(cause: { readonly code: string; readonly message: string }): string {
  return `${JSON.stringify({ error: { code: cause.code, detail: cause.message } })}\n`;
}
