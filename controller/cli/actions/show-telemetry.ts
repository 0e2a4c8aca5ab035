import { TelemetryAnswer } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readDuration } from "../read-options.ts";
import { renderSummary } from "../render/distribution.ts";
import type { Terminal } from "../terminal.ts";

export interface ShowTelemetryOptions extends ApiOptions {
  readonly release?: string;
  readonly device?: string;
  readonly since: string;
}

export async function showTelemetry(
  terminal: Terminal,
  model: string,
  options: ShowTelemetryOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const sinceMs = Math.max(0, terminal.nowMs() - readDuration("--since", options.since));
  const query = new URLSearchParams({ model, sinceMs: String(sinceMs) });
  if (options.release !== undefined) query.set("version", options.release);
  if (options.device !== undefined) query.set("device", options.device);
  const answer = await context.api.call({
    method: "GET",
    path: `/v1/telemetry?${query.toString()}`,
    answer: TelemetryAnswer,
  });
  context.answer(answer, () => renderAnswer(model, options, answer));
}

function renderAnswer(
  model: string,
  { release, device, since }: ShowTelemetryOptions,
  answer: TelemetryAnswer,
): string {
  if (answer.summaries.length === 0) {
    const what = `${model}${release === undefined ? "" : `@${release}`}`;
    const where = device === undefined ? "any device" : device;
    return `no window of ${what} from ${where} in the last ${since}; a device sends one when its time is up (agent start --window-ms)`;
  }
  return answer.summaries.map(renderSummary).join("\n\n");
}
