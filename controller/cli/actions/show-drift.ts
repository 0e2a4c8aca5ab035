import { DriftAnswer } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { maintenanceLines } from "../maintenance-now.ts";
import { readDuration } from "../read-options.ts";
import { isOfFeature, renderDrift } from "../render/drift.ts";
import type { Terminal } from "../terminal.ts";

export interface ShowDriftOptions extends ApiOptions {
  readonly release?: string;
  readonly cohort?: string;
  readonly feature?: string;
  readonly since: string;
}

export async function showDrift(
  terminal: Terminal,
  model: string,
  options: ShowDriftOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const sinceMs = Math.max(0, terminal.nowMs() - readDuration("--since", options.since));
  const query = new URLSearchParams({ sinceMs: String(sinceMs) });
  if (options.release !== undefined) query.set("version", options.release);
  if (options.cohort !== undefined) query.set("cohort", options.cohort);
  const path = `/v1/models/${encodeURIComponent(model)}/drift?${query.toString()}`;
  const answer = await context.api.call({ method: "GET", path, answer: DriftAnswer });
  requireFeature(answer, options.feature);
  const nowMs = terminal.nowMs();
  const around = await maintenanceLines(context, { model, nowMs });
  context.answer(answer, () => [renderDrift(answer, { ...options, nowMs }), ...around].join("\n"));
}

/** @throws CliError USAGE naming the signals there are */
function requireFeature({ releases }: DriftAnswer, feature: string | undefined): void {
  const signals = releases.flatMap(({ cohorts }) =>
    cohorts.flatMap(({ verdicts }) => verdicts.map(({ signal }) => signal)),
  );
  if (feature === undefined || signals.length === 0) return;
  if (signals.some((signal) => isOfFeature(signal, feature))) return;
  const known = [...new Set(signals)].slice(0, 32).join(", ");
  throw new CliError("USAGE", `--feature: expected one of ${known}, got ${feature.slice(0, 64)}`);
}
