import type { Kysely } from "kysely";
import type { CellPlace, DirtyCell, DriftStore, DueQuery } from "../../ports/drift-store.ts";
import { devicesOf, dirtyCells, newWindows } from "./drift/read-cells.ts";
import { rollupsOf } from "./drift/read-rollups.ts";
import type { Schema } from "./schema.ts";

/** The drift pipeline in tables; each subject in a file of its own. */
export class SqlDriftStore implements DriftStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly dirtyCells = (query: DueQuery) => dirtyCells(this.#database, query);

  readonly newWindows = (cell: DirtyCell, afterMark: number, count: number) =>
    newWindows(this.#database, cell, { afterMark, count });

  readonly devicesOf = (cell: DirtyCell, after: string, count: number) =>
    devicesOf(this.#database, cell, { after, count });

  readonly rollups = (cell: CellPlace) => rollupsOf(this.#database, cell);
}
