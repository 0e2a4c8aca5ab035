import { parseDuration, TelemetryAnswer } from "@modelfleet/protocol";
import type { Command } from "commander";
import { type CommonOptions, contextOf, withCommonOptions } from "../context.ts";
import { renderSummary } from "../render/distribution.ts";
import type { Terminal } from "../terminal.ts";

interface TelemetryOptions extends CommonOptions {
  readonly release?: string;
  readonly device?: string;
  readonly since: string;
}

export function addTelemetryCommands(program: Command, terminal: Terminal): void {
  const telemetry = program.command("telemetry").description("what the devices measured");
  withCommonOptions(
    telemetry
      .command("show <model>")
      .description("traffic, latency and distributions beside the reference profile")
      .option("--release <version>", "only this version")
      .option("--device <id>", "only this device")
      .option("--since <duration>", "how far back", "24h"),
  )
    .addHelpText("before", "Example:\n  modelfleet telemetry show digits --since 10m\n")
    .action(async (model: string, options: TelemetryOptions) => {
      const context = contextOf(terminal, options);
      const sinceMs = terminal.nowMs() - parseDuration(options.since);
      const query = new URLSearchParams({ model, sinceMs: String(sinceMs) });
      if (options.release !== undefined) query.set("version", options.release);
      if (options.device !== undefined) query.set("device", options.device);
      const answer = await context.api.call({
        method: "GET",
        path: `/v1/telemetry?${query.toString()}`,
        answer: TelemetryAnswer,
      });
      context.answer(answer, () => renderAnswer(model, answer));
    });
}

function renderAnswer(model: string, answer: TelemetryAnswer): string {
  if (answer.summaries.length === 0) return `no window of ${model} in that time`;
  return answer.summaries.map(renderSummary).join("\n\n");
}
