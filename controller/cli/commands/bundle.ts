import type { Command } from "commander";
import type { ExportBundleOptions } from "../actions/export-bundle.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLE =
  "Example:\n  modelfleet bundle export cam-0017 --hello hello.json --out /media/usb/cam-0017\n";

export function addBundleCommands(program: Command, terminal: Terminal): void {
  const bundle = program
    .command("bundle")
    .description("updates carried to devices that no network reaches")
    .addHelpText("before", EXAMPLE);
  withApiOptions(
    bundle
      .command("export <device>")
      .description("write what the device should run into a folder, to be applied there")
      .option("--hello <file>", "what `modelfleet agent hello` wrote on that device")
      .requiredOption("--out <folder>", "a new or empty folder"),
  )
    .addHelpText("before", EXAMPLE)
    .action(async (device: string, options: ExportBundleOptions) => {
      const { exportBundle } = await import("../actions/export-bundle.ts");
      await exportBundle(terminal, device, options);
    });
}
