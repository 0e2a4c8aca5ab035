import type { CodedError } from "@modelfleet/protocol";
import { Command, CommanderError } from "commander";
import { addAlertCommands } from "./commands/alert.ts";
import { addApiKeyCommands } from "./commands/api-key.ts";
import { addAuditCommands } from "./commands/audit.ts";
import { addBrokerConfigCommand } from "./commands/broker-config.ts";
import { addBundleCommands } from "./commands/bundle.ts";
import { addCaptureCommands } from "./commands/capture.ts";
import { addClaimCommands } from "./commands/claim.ts";
import { addControllerCommands } from "./commands/controller.ts";
import { addDeployCommand } from "./commands/deploy.ts";
import { addDeviceCommands } from "./commands/device.ts";
import { addDriftCommands } from "./commands/drift.ts";
import { addKeyCommands } from "./commands/key.ts";
import { addMaintenanceCommands } from "./commands/maintenance.ts";
import { addProfileCommands } from "./commands/profile.ts";
import { addReleaseCommands } from "./commands/release.ts";
import { addRolloutCommands } from "./commands/rollout.ts";
import { addRootCommands } from "./commands/root.ts";
import { addTelemetryCommands } from "./commands/telemetry.ts";
import { addWebhookCommands } from "./commands/webhook.ts";
import { type ExitCode, exitCodeOf, isAnswered, problemCodeOf } from "./exit-code.ts";
import { plainText } from "./render/plain-text.ts";
import type { Terminal } from "./terminal.ts";

export type { ExitCode } from "./exit-code.ts";

/** Runs one command line (without the program's own name) and says how it ended; never throws for an expected failure. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = createProgram(terminal);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // Whatever failed has loaded the contract already; `--help` must not wait for it.
    const { isCodedError } = await import("@modelfleet/protocol");
    if (!isCodedError(error)) throw error;
    report(terminal, argv, error);
    return exitCodeOf(error);
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command("modelfleet")
    .description("Signed machine-learning models for fleets of edge devices.")
    .addHelpText(
      "before",
      "Start here:\n  modelfleet demo                      the whole story on this machine\n  modelfleet controller start --dev    a controller of your own\n",
    )
    .addHelpText(
      "after",
      "\nOn a device:\n  agent                 enrol, start and inspect the agent (modelfleet agent --help)\n  demo                  controller, three agents and an application on this machine\n\nWithout devices:\n  simulate              a rollout over many simulated agents (docs/simulator.md)",
    )
    .version(terminal.version, "--version")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      outputError: (text, write) => write(withWayOut(text)),
    });
  addControllerCommands(program, terminal);
  addApiKeyCommands(program, terminal);
  addClaimCommands(program, terminal);
  addDeviceCommands(program, terminal);
  addProfileCommands(program, terminal);
  addReleaseCommands(program, terminal);
  addRootCommands(program, terminal);
  addKeyCommands(program, terminal);
  addDeployCommand(program, terminal);
  addRolloutCommands(program, terminal);
  addTelemetryCommands(program, terminal);
  addDriftCommands(program, terminal);
  addAlertCommands(program, terminal);
  addMaintenanceCommands(program, terminal);
  addBundleCommands(program, terminal);
  addAuditCommands(program, terminal);
  addCaptureCommands(program, terminal);
  addBrokerConfigCommand(program, terminal);
  addWebhookCommands(program, terminal);
  return program;
}

/** `root sign --key a.key root.json`: an option that takes several words has taken the argument too. */
function withWayOut(text: string): string {
  if (!text.startsWith("error: missing required argument")) return text;
  return `${text.trimEnd()}: it stands before the options, or after --; see --help\n`;
}

function report(terminal: Terminal, argv: readonly string[], error: CodedError<string>): void {
  if (!argv.includes("--json")) {
    terminal.err(`error: ${plainText(error.message)}\n`);
    return;
  }
  // One JSON object a command: where the answer has been printed, it says so itself.
  if (isAnswered(error)) return;
  const code = problemCodeOf(error) ?? error.code;
  terminal.out(`${JSON.stringify({ error: { code, detail: error.message } })}\n`);
}
