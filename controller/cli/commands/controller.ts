import type { Command } from "commander";
import type { ControllerFlags } from "../../src/main.ts";

export function addControllerCommands(program: Command): void {
  program
    .command("controller")
    .description("the fleet's side: REST API, MQTT broker, signing")
    .addHelpText("before", "Example:\n  modelfleet controller start --dev\n")
    .command("start")
    .description("run a controller until it is told to stop; its log is one JSON event a line")
    .option("--data <folder>", "database, files and keys (default: .modelfleet/controller)")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--http-port <port>", "REST API; 0 takes a free one (default: 7680)")
    .option("--mqtt-port <port>", "MQTT; 0 takes a free one (default: 1883)")
    .option("--public-url <url>", "address of the REST API in enrolment strings")
    .option("--public-mqtt-url <url>", "address of MQTT in enrolment strings")
    .option("--dev", "for trying out: keys on disk, no operator's key on this machine")
    .option("--log-level <level>", "debug, info, warn or error (default: info)")
    .addHelpText(
      "before",
      "Examples:\n  modelfleet controller start --dev\n  MODELFLEET_ADMIN_KEY=… modelfleet controller start --data /var/lib/modelfleet\n",
    )
    .action(async (options: ControllerFlags) => {
      // Only this command needs the server; every other one starts faster without it.
      const { runController } = await import("../../src/main.ts");
      const exitCode = await runController(options);
      if (exitCode === 0) return;
      const { CliError } = await import("../cli-error.ts");
      throw new CliError("NOT_DONE", "the controller ended by a defect; see its log");
    });
}
