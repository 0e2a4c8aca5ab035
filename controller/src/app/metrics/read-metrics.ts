import { driftLimits } from "@modelfleet/protocol";
import { fleetMetrics, type TelemetryCounts } from "../../domain/metrics/fleet-metrics.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DriftStore } from "../../ports/drift-store.ts";
import type { FleetFigures } from "../../ports/fleet-figures.ts";
import type { MetricsWriter } from "../../ports/metrics-writer.ts";
import type { ProcessFigures } from "../../ports/process-figures.ts";
import type { RefusalCounts } from "../ingest/refusal-counts.ts";

export interface ReadMetricsPorts {
  readonly clock: Clock;
  readonly drift: Pick<DriftStore, "dirtyCells">;
  readonly figures: FleetFigures;
  readonly judgedCells: () => number;
  readonly refusals: RefusalCounts;
  readonly process?: ProcessFigures | undefined;
  readonly telemetryCounts: () => TelemetryCounts;
  readonly writeMetrics: MetricsWriter;
}

/** How the controller and its fleet are, for monitoring. */
export class ReadMetrics {
  readonly #ports: ReadMetricsPorts;

  constructor(ports: ReadMetricsPorts) {
    this.#ports = ports;
  }

  async run(): Promise<string> {
    const { figures, judgedCells, process, refusals, telemetryCounts, writeMetrics } = this.#ports;
    return writeMetrics(
      fleetMetrics({
        ...(await figures.tallies()),
        refusals: refusals.snapshot(),
        telemetry: telemetryCounts(),
        cells: { judged: judgedCells(), lagMs: await this.#lagMs() },
        connections: process?.connections?.(),
        messagesDropped: process?.messagesDropped?.() ?? {},
        eventLoopLag: process?.eventLoopLag() ?? {},
      }),
    );
  }

  /** Since the oldest cell that is not judged could have been. */
  async #lagMs(): Promise<number> {
    const { clock, drift } = this.#ports;
    const nowMs = clock.nowMs();
    const { graceCells } = driftLimits;
    const [oldest] = await drift.dirtyCells({ nowMs, graceCells, count: 1 });
    if (oldest === undefined) return 0;
    const dueMs = oldest.startMs + (1 + graceCells) * oldest.lengthMs;
    return Math.max(0, nowMs - dueMs);
  }
}
