import type { Digest8 } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { DriftCell } from "../../../ports/telemetry-store.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";

/** What a window's row says of its cell; in none: number 0. */
export interface Mark {
  readonly cell_ms: number;
  readonly mark: number;
}

export interface Placed {
  readonly releasePrefix: Digest8;
  readonly cell?: DriftCell;
}

const NO_CELL: Mark = { cell_ms: 0, mark: 0 };

/**
 * Numbers windows in their cells, in the transaction that stores them: from its commit on the cell has more than its
 * roll-ups hold, whatever happens to this process.
 *
 * @returns one mark a window
 */
export async function markCells(
  transaction: Transaction<Schema>,
  windows: readonly Placed[],
): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  for (const { releasePrefix, cell } of windows) {
    marks.push(cell === undefined ? NO_CELL : await markCell(transaction, releasePrefix, cell));
  }
  return marks;
}

async function markCell(
  transaction: Transaction<Schema>,
  release8: string,
  { startMs, lengthMs, isOnTime }: DriftCell,
): Promise<Mark> {
  const on_time = isOnTime ? 1 : 0;
  const cell = { release8, cell_ms: startMs };
  const row = await nextMark.first(transaction, { ...cell, length_ms: lengthMs, on_time });
  if (row === undefined) throw new RangeError("expected the number of a window in its cell");
  return { cell_ms: startMs, mark: row.marked };
}

interface Marked {
  readonly release8: string;
  readonly cell_ms: number;
  readonly length_ms: number;
  readonly on_time: number;
}

const nextMark = new Prepared<
  { readonly [Name in keyof Marked]: Marked[Name] },
  { marked: number }
>((database, value) =>
  database
    .insertInto("drift_cells")
    .values({
      release8: value("release8"),
      cell_ms: value("cell_ms"),
      length_ms: value("length_ms"),
      marked: 1,
      on_time: value("on_time"),
      folded: 0,
      day_folded: 0,
    })
    .onConflict((conflict) =>
      conflict.columns(["release8", "cell_ms"]).doUpdateSet((column) => ({
        marked: column("drift_cells.marked", "+", 1),
        on_time: column("drift_cells.on_time", "+", column.ref("excluded.on_time")),
      })),
    )
    .returning("marked"),
);
