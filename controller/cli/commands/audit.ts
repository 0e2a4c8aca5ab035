import type { Command } from "commander";
import type { ExportAuditOptions } from "../actions/export-audit.ts";
import type { VerifyAuditOptions } from "../actions/verify-audit.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addAuditCommands(program: Command, terminal: Terminal): void {
  const audit = program
    .command("audit")
    .description("who changed what, in a chain of hashes with signed checkpoints")
    .addHelpText("before", "Example:\n  modelfleet audit export --out audit-2026-11-21.ndjson\n");
  withApiOptions(
    audit
      .command("export")
      .description("write the whole log into a new file, one JSON object a line")
      .requiredOption("--out <file>", "a file that is not there yet"),
  )
    .addHelpText("before", "Example:\n  modelfleet audit export --out audit-2026-11-21.ndjson\n")
    .action(async (options: ExportAuditOptions) => {
      const { exportAudit } = await import("../actions/export-audit.ts");
      await exportAudit(terminal, options);
    });
  withApiOptions(
    audit
      .command("verify [file]")
      .description("whether a log is whole: an export, without any network; or the controller's")
      .option("--root <file...>", "roots whose online key signs checkpoints", [])
      .option("--earlier <file>", "an earlier export that this log must contain"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet audit verify\n  modelfleet audit verify audit.ndjson --root root.json --earlier audit-2026-11-01.ndjson\n",
    )
    .action(async (file: string | undefined, options: VerifyAuditOptions) => {
      const { verifyAudit } = await import("../actions/verify-audit.ts");
      await verifyAudit(terminal, file, options);
    });
}
