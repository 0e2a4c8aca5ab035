import { type Alert, AlertList, driftPipelineLimits } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { maintenanceLines } from "../maintenance-now.ts";
import { readCount } from "../read-options.ts";
import { readPages } from "../read-pages.ts";
import { figuresText, stateText } from "../render/alert.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export interface ListAlertsOptions extends ApiOptions {
  readonly state?: string;
  readonly model?: string;
  readonly limit: string;
}

export async function listAlerts(terminal: Terminal, options: ListAlertsOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const count = readCount("--limit", options.limit);
  const { alertsPageMax } = driftPipelineLimits;
  const query = new URLSearchParams({
    limit: String(Math.max(1, Math.min(count, alertsPageMax))),
    ...(options.state === undefined ? {} : { state: options.state.toUpperCase() }),
    ...(options.model === undefined ? {} : { model: options.model }),
  });
  const alerts = await readPages(context.api, {
    path: `/v1/alerts?${query.toString()}`,
    answer: AlertList,
    rowsOf: (page) => page.alerts,
    count,
  });
  const nowMs = terminal.nowMs();
  const around = await maintenanceLines(context, { model: options.model, nowMs });
  context.answer({ alerts }, () => [render(alerts, nowMs), ...around].join("\n"));
}

/** What asks for somebody first, then what is somebody's, what may become something, and what is over or told nobody. */
const shownFirst: readonly Alert["state"][] = ["FIRING", "ACKED", "RECOVERING", "PENDING"];

/** Newest first within a state, as they came. */
function urgentFirst(alerts: readonly Alert[]): readonly Alert[] {
  const placeOf = ({ state }: Alert) => {
    if (state === "SUPPRESSED") return shownFirst.length + 1;
    const place = shownFirst.indexOf(state);
    return place < 0 ? shownFirst.length : place;
  };
  return alerts.toSorted((left, right) => placeOf(left) - placeOf(right));
}

function render(alerts: readonly Alert[], nowMs: number): string {
  if (alerts.length === 0) return "no alert: see what was judged with modelfleet drift show MODEL";
  const rows = urgentFirst(alerts).map((alert) => [
    alert.id,
    stateText(alert),
    alert.severity,
    `${alert.model}@${alert.modelVersion}`,
    alert.cohort,
    alert.signal,
    figuresText(alert),
    `${age(alert.startedAtMs, nowMs)} ago`,
  ]);
  return table(
    ["id", "state", "severity", "release", "cohort", "signal", "measured", "began"],
    rows,
  );
}
