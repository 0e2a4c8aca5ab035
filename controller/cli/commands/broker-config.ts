import type { Command } from "commander";
import type { BrokerConfigOptions } from "../actions/write-broker-config.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addBrokerConfigCommand(program: Command, terminal: Terminal): void {
  withApiOptions(
    program
      .command("broker-config")
      .description(
        "write the configuration of an MQTT broker that lets in this fleet and nobody else",
      )
      .requiredOption("--for <mosquitto|emqx>", "which broker")
      .requiredOption("--out <folder>", "where to write; run it again after each revocation")
      .option(
        "--folder <path>",
        "where the files will lie on the broker's machine (default: /etc/mosquitto/modelfleet or /etc/emqx/modelfleet)",
      )
      .option("--tls-cert <path>", "the broker's certificate there (default: server.pem beside)")
      .option("--tls-key <path>", "its key there (default: server.key beside)")
      .option("--listen <address>", "address to listen on (default: all)")
      .option("--port <port>", "where devices connect", "8883")
      .option("--enrol-port <port>", "where devices enrol over MQTT (mosquitto)", "8884")
      .option("--no-enrol", "devices enrol over HTTP only"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet broker-config --for mosquitto --out ./mosquitto\n",
    )
    .action(async (options: BrokerConfigOptions) => {
      const { writeBrokerConfig } = await import("../actions/write-broker-config.ts");
      await writeBrokerConfig(terminal, options);
    });
}
