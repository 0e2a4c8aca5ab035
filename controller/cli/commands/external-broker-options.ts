import type { Command } from "commander";

/** Of `controller start`, for a broker that is a process of its own. */
export function withExternalBroker(start: Command): Command {
  return start
    .option(
      "--broker-url <url>",
      "a broker elsewhere, like mqtts://broker.example:8883, in place of the one inside",
    )
    .option(
      "--broker-ca <file>",
      "authority of that broker's certificate (default: the usual ones)",
    )
    .option(
      "--broker-cert <file>",
      "the controller's certificate there (default: it makes its own)",
    )
    .option("--broker-key <file>", "the key of that certificate, PEM")
    .option("--broker-user <name>", "the controller's user name there, in place of a certificate")
    .option("--broker-password-file <file>", "holds the password of that user")
    .option("--allow-plain-broker", "take a broker on another machine without TLS");
}
