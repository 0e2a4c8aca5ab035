import type { Verdict } from "../../domain/drift/verdict.ts";
import type { ExportedCell } from "../../domain/export/exported-cell.ts";
import type { CellRollup, DirtyCell } from "../../ports/drift-store.ts";
import type { ReleaseProfiles } from "../release/release-profiles.ts";
import { type ChangeOfAlertsPorts, changeOfAlerts } from "./change-of-alerts.ts";
import { exportedCells } from "./exported-cells.ts";
import { foldCell } from "./fold-cell.ts";
import { verdictsOf } from "./verdicts-of.ts";

export interface JudgeCellPorts extends ChangeOfAlertsPorts {
  readonly profiles: ReleaseProfiles;
  /** Where figures go besides; each cohort of a cell once, as it came. */
  readonly exportCells?: ((cells: readonly ExportedCell[]) => void) | undefined;
}

/**
 * Adds up what came for a cell, judges it and advances the alerts, in one commit. It can be stopped anywhere and done
 * again. Alerts are advanced by a cell of which something came in time, once, and in the order of the cells; all else is
 * the past, which changes the record and pages nobody.
 */
export class JudgeCell {
  readonly #ports: JudgeCellPorts;

  constructor(ports: JudgeCellPorts) {
    this.#ports = ports;
  }

  /** @returns false when somebody else was faster. @throws StoreError */
  async run(cell: DirtyCell): Promise<boolean> {
    const { drift, profiles } = this.#ports;
    const folded = await foldCell(this.#ports, cell);
    const release = await profiles.find(cell.releasePrefix);
    if (release === undefined) return drift.commit({ cell, rollups: folded, change: null });
    const judged = await verdictsOf(this.#ports, { cell, release, rollups: folded });
    const rollups = folded.map((rollup) => withVerdicts(rollup, judged.verdicts));
    const before = await drift.release(cell.releasePrefix);
    const isLive =
      cell.isOnTime &&
      cell.folded === 0 &&
      cell.startMs > (before?.judgedMs ?? Number.NEGATIVE_INFINITY);
    const change = isLive
      ? await changeOfAlerts(this.#ports, { cell, release, before, rollups, ...judged })
      : null;
    const isDone = await drift.commit({ cell, rollups, change });
    // What comes later changes the record here; there it would be added a second time.
    if (isDone && isLive) this.#ports.exportCells?.(exportedCells(release.record, rollups));
    return isDone;
  }
}

function withVerdicts(rollup: CellRollup, verdicts: readonly Verdict[]): CellRollup {
  return { ...rollup, verdicts: verdicts.filter(({ cohort }) => cohort === rollup.cohort) };
}
