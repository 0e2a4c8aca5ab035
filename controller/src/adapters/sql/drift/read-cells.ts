import type { DeviceId, Digest8, Labels } from "@modelfleet/protocol";
import {
  type Expression,
  expressionBuilder,
  type Kysely,
  type Selectable,
  type SqlBool,
  sql,
} from "kysely";
import type {
  CellLabels,
  CellPlace,
  CellWindow,
  CellWindowPlace,
  CohortMember,
  DirtyCell,
  DueQuery,
} from "../../../ports/drift-store.ts";
import { bytesOf } from "../column.ts";
import type { Schema } from "../schema.ts";
import type { DriftCellsTable } from "./drift-tables.ts";

export async function dirtyCells(
  database: Kysely<Schema>,
  { nowMs, graceCells, count }: DueQuery,
): Promise<readonly DirtyCell[]> {
  // Alerts wait for these; a fleet that comes back with weeks of old windows must not hold them up.
  const isPast = sql<number>`case when folded = 0 and on_time > 0 then 0 else 1 end`;
  const due = sql<number>`cell_ms + ${sql.lit(1 + graceCells)} * length_ms`;
  const rows = await database
    .selectFrom("drift_cells")
    .selectAll()
    .where(sql.ref("marked"), ">", sql.ref("folded"))
    .where(due, "<=", nowMs)
    .orderBy(isPast)
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
    .where(isNewIn(cell, afterMark))
    .orderBy("mark")
    .limit(count)
    .execute();
  return rows.map(windowOf);
}

export async function newLabels(
  database: Kysely<Schema>,
  cell: DirtyCell,
  { afterMark, count }: { readonly afterMark: number; readonly count: number },
): Promise<readonly CellLabels[]> {
  const rows = await database
    .selectFrom("telemetry_labels")
    .innerJoin("devices", "devices.id", "telemetry_labels.device")
    .select(["device", "class", "labels", "mark", "output", "labelled", "errors"])
    .where(isNewIn(cell, afterMark))
    .orderBy("mark")
    .limit(count)
    .execute();
  return rows.map(({ mark, output, labelled, errors, ...row }) => ({
    ...memberOf(row),
    ...{ mark, output, labelled, errors },
  }));
}

export async function windowsOfCell(
  database: Kysely<Schema>,
  { releasePrefix, startMs }: CellPlace,
  { after, count }: { readonly after: CellWindowPlace; readonly count: number },
): Promise<readonly CellWindow[]> {
  const rows = await database
    .selectFrom("telemetry_windows")
    .innerJoin("devices", "devices.id", "telemetry_windows.device")
    .select(["device", "class", "labels", "mark", "bytes"])
    .where("release8", "=", releasePrefix)
    .where("cell_ms", "=", startMs)
    .where((where) =>
      where.or([
        where("device", ">", after.device),
        where.and([where("device", "=", after.device), where("mark", ">", after.mark)]),
      ]),
    )
    .orderBy("device")
    .orderBy("mark")
    .limit(count)
    .execute();
  return rows.map(windowOf);
}

interface MemberPage {
  readonly after: string;
  readonly count: number;
  /** Of a device, in the words of `devices`; without it all. */
  readonly only?: Expression<SqlBool>;
}

/** Devices with windows or labels in the cell that are still kept, by id. */
export async function membersOfCell(
  database: Kysely<Schema>,
  { releasePrefix, startMs, marked }: DirtyCell,
  { after, count, only }: MemberPage,
): Promise<readonly CohortMember[]> {
  const found = (table: "telemetry_windows" | "telemetry_labels") =>
    database
      .selectFrom(table)
      .select("device")
      .where("release8", "=", releasePrefix)
      .where("cell_ms", "=", startMs)
      .where("mark", ">", 0)
      .where("mark", "<=", marked);
  let members = database
    .selectFrom("devices")
    .select(["id as device", "class", "labels"])
    .where("id", "in", found("telemetry_windows").union(found("telemetry_labels")))
    .where("id", ">", after);
  if (only !== undefined) members = members.where(only);
  const rows = await members.orderBy("id").limit(count).execute();
  return rows.map(memberOf);
}

/** What came for a cell since it was added up, above a mark, up to what is added up now. */
function isNewIn({ releasePrefix, startMs, marked, folded }: DirtyCell, afterMark: number) {
  const where = expressionBuilder<Schema, "telemetry_windows" | "telemetry_labels">();
  return where.and([
    where("release8", "=", releasePrefix),
    where("cell_ms", "=", startMs),
    where("mark", ">", Math.max(afterMark, folded)),
    where("mark", "<=", marked),
  ]);
}

interface MemberRow {
  readonly device: string;
  readonly class: string;
  readonly labels: string;
}

function windowOf(
  row: MemberRow & { readonly mark: number; readonly bytes: Uint8Array },
): CellWindow {
  return { ...memberOf(row), mark: row.mark, bytes: bytesOf(row.bytes) };
}

function memberOf(row: MemberRow): CohortMember {
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
