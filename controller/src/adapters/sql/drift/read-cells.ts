import type { DeviceId, Digest8, Labels } from "@modelfleet/protocol";
import { type Kysely, type Selectable, sql } from "kysely";
import type { CellWindow, CohortMember, DirtyCell, DueQuery } from "../../../ports/drift-store.ts";
import { bytesOf } from "../column.ts";
import type { Schema } from "../schema.ts";
import type { DriftCellsTable } from "./drift-tables.ts";

export async function dirtyCells(
  database: Kysely<Schema>,
  { nowMs, graceCells, count }: DueQuery,
): Promise<readonly DirtyCell[]> {
  const due = sql<number>`cell_ms + ${sql.lit(1 + graceCells)} * length_ms`;
  const rows = await database
    .selectFrom("drift_cells")
    .selectAll()
    .where(sql.ref("marked"), ">", sql.ref("folded"))
    .where(due, "<=", nowMs)
    .orderBy("cell_ms")
    .orderBy("release8")
    .limit(count)
    .execute();
  return rows.map(cellOfRow);
}

export async function newWindows(
  database: Kysely<Schema>,
  cell: DirtyCell,
  { afterMark, count }: { readonly afterMark: number; readonly count: number },
): Promise<readonly CellWindow[]> {
  const rows = await database
    .selectFrom("telemetry_windows")
    .innerJoin("devices", "devices.id", "telemetry_windows.device")
    .select(["device", "class", "labels", "mark", "bytes"])
    .where("release8", "=", cell.releasePrefix)
    .where("cell_ms", "=", cell.startMs)
    .where("mark", ">", Math.max(afterMark, cell.folded))
    .where("mark", "<=", cell.marked)
    .orderBy("mark")
    .limit(count)
    .execute();
  return rows.map((row) => ({ ...memberOf(row), mark: row.mark, bytes: bytesOf(row.bytes) }));
}

export async function devicesOf(
  database: Kysely<Schema>,
  cell: DirtyCell,
  { after, count }: { readonly after: string; readonly count: number },
): Promise<readonly CohortMember[]> {
  const rows = await database
    .selectFrom("telemetry_windows")
    .innerJoin("devices", "devices.id", "telemetry_windows.device")
    .select(["device", "class", "labels"])
    .distinct()
    .where("release8", "=", cell.releasePrefix)
    .where("cell_ms", "=", cell.startMs)
    .where("mark", ">", 0)
    .where("mark", "<=", cell.marked)
    .where("device", ">", after)
    .orderBy("device")
    .limit(count)
    .execute();
  return rows.map(memberOf);
}

function memberOf(row: {
  readonly device: string;
  readonly class: string;
  readonly labels: string;
}): CohortMember {
  return {
    device: row.device as DeviceId,
    deviceClass: row.class,
    labels: JSON.parse(row.labels) as Labels,
  };
}

function cellOfRow(row: Selectable<DriftCellsTable>): DirtyCell {
  return {
    releasePrefix: row.release8 as Digest8,
    startMs: row.cell_ms,
    lengthMs: row.length_ms,
    marked: row.marked,
    folded: row.folded,
    isOnTime: row.on_time > 0,
  };
}
