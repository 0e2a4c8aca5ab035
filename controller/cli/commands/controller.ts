import type { Command } from "commander";
import type { ControllerFlags } from "../../src/main.ts";
import type { Terminal } from "../terminal.ts";
import { withExternalBroker } from "./external-broker-options.ts";

export function addControllerCommands(program: Command, terminal: Terminal): void {
  const controller = program
    .command("controller")
    .description("the fleet's side: REST API, MQTT broker, signing")
    .addHelpText("before", "Example:\n  modelfleet controller start --dev\n");
  addRecoverAdmin(controller, terminal);
  withExternalBroker(
    controller
      .command("start")
      .description("run a controller until it is told to stop; its log is one JSON event a line")
      .option("--data <folder>", "database, files and keys (default: .modelfleet/controller)")
      .option("--host <address>", "address to listen on (default: 127.0.0.1)")
      .option("--http-port <port>", "REST API; 0 takes a free one (default: 7680)")
      .option("--mqtt-port <port>", "MQTT; 0 takes a free one (default: 1883)")
      .option("--mqtt-tls-cert <file>", "the broker's certificate, PEM: MQTT over TLS")
      .option("--mqtt-tls-key <file>", "the key of that certificate, PEM")
      .option(
        "--mqtt-client-ca <auto|file>",
        "devices log in to MQTT by certificate: auto makes them at enrolment, a file names another authority",
      )
      .option("--public-url <url>", "address of the REST API in enrolment strings")
      .option("--public-mqtt-url <url>", "address of MQTT in enrolment strings")
      .option(
        "--key-passphrase-file <file>",
        "holds the passphrase of the encrypted keys (or MODELFLEET_KEY_PASSPHRASE_FILE)",
      )
      .option("--allow-plain-keys", "take keys that are not encrypted, where the disk is")
      .option("--dev", "for trying out: keys on disk, no API key needed on this machine")
      .option(
        "--oidc-issuer <url>",
        "take tokens of this identity provider (JWT); with --oidc-audience",
      )
      .option("--oidc-audience <audience>", "what a token's aud must say")
      .option("--oidc-jwks <url|file>", "the issuer's public keys (default: found by discovery)")
      .option("--oidc-grants <file>", "JSON that says which group of the issuer has which grants")
      .option(
        "--trusted-proxy <network...>",
        "proxy whose X-Forwarded-For and X-Forwarded-Proto are believed, like 10.0.0.0/8",
      )
      .option(
        "--webhook-network <network...>",
        "addresses that are not public and webhooks may lie in, like 192.168.10.0/24",
      )
      .option(
        "--otlp-endpoint <url>",
        "send figures of cohorts there, like http://collector:4318/v1/metrics",
      )
      .option("--four-eyes <what>", "needs a second person's approval: release, rollout or both")
      .option(
        "--drift-window <duration>",
        "what devices measured in so long is judged together (default: 15m)",
      )
      .option("--log-level <level>", "debug, info, warn or error (default: info)"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet controller start --dev\n  modelfleet controller start --data /var/lib/modelfleet\n",
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

function addRecoverAdmin(controller: Command, terminal: Terminal): void {
  controller
    .command("recover-admin")
    .description("make a new admin key when all are lost; here, while the controller stands still")
    .option("--data <folder>", "the controller's data folder (default: .modelfleet/controller)")
    .addHelpText(
      "before",
      "Example:\n  modelfleet controller recover-admin --data /var/lib/modelfleet\n",
    )
    .action(async ({ data }: { readonly data?: string }) => {
      const { configDefaults } = await import("../../src/main.ts");
      const { recoverAdmin } = await import("../../src/recover-admin.ts");
      const { secret } = await recoverAdmin(data ?? configDefaults.data);
      terminal.out(`${secret}\n`);
      terminal.err("shown this once: use it as MODELFLEET_API_KEY, and revoke the lost ones\n");
    });
}
