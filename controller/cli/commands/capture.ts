import type { Command } from "commander";
import type { NewCaptureKeyOptions } from "../actions/new-capture-key.ts";
import type { OpenCapturesOptions } from "../actions/open-captures.ts";
import { withKeyOptions } from "../key-options.ts";
import type { Terminal } from "../terminal.ts";

const NEW_KEY = "Example:\n  modelfleet capture new-key --out retrain.pem\n";
const OPEN =
  "Example:\n  modelfleet capture open captures/*.mfcap --key retrain.pem --out opened\n";

/** Requests that devices kept, for whoever holds the key they are sealed to; no controller and no network is needed. */
export function addCaptureCommands(program: Command, terminal: Terminal): void {
  const capture = program
    .command("capture")
    .description("read requests that devices kept for training; works without a network")
    .addHelpText("before", OPEN);
  capture
    .command("new-key")
    .description("make a key for captures, and print what a release's policy says of it")
    .requiredOption("--out <file>", "a file that is not there yet; PEM, not encrypted")
    .option("--json", "print one JSON object")
    .addHelpText("before", NEW_KEY)
    .action(async (options: NewCaptureKeyOptions) => {
      const { newCaptureKey } = await import("../actions/new-capture-key.ts");
      await newCaptureKey(terminal, options);
    });
  withKeyOptions(
    capture
      .command("open <files...>")
      .description("write the tensors of sealed captures as .npy files, a folder for each")
      .requiredOption("--key <file>", "the private key they are sealed to: X25519, PEM or DER")
      .requiredOption("--out <folder>", "where to; made when it is not there"),
  )
    .addHelpText("before", OPEN)
    .action(async (files: readonly string[], options: OpenCapturesOptions) => {
      const { openCaptures } = await import("../actions/open-captures.ts");
      await openCaptures(terminal, files, options);
    });
}
