import type { Digest8, Sha256 } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type {
  AlertPageQuery,
  AlertStore,
  AlertsChange,
  Arrival,
  CellOutcome,
  CellPlace,
  CellRollup,
  CellWindowPlace,
  DirtyCell,
  DriftStore,
  DueQuery,
  RollupQuery,
} from "../../ports/drift-store.ts";
import { changeAlerts } from "./drift/change-alerts.ts";
import { commitCell } from "./drift/commit-cell.ts";
import { foldDays, forgetRollups } from "./drift/fold-days.ts";
import { alertById, alertChanges, alertPage, silentReleases } from "./drift/read-alerts.ts";
import { arrivedOf, rolloutsOf } from "./drift/read-arrivals.ts";
import {
  dirtyCells,
  membersOfCell,
  newLabels,
  newWindows,
  windowsOfCell,
} from "./drift/read-cells.ts";
import {
  driftRelease,
  newestRollups,
  releasesWithRollups,
  rollupsOfCell,
  rollupsOfCohort,
} from "./drift/read-rollups.ts";
import { unlessMoved } from "./moved.ts";
import type { Schema } from "./schema.ts";

/** The drift pipeline in tables; each subject in a file of its own. */
export class SqlDriftStore implements DriftStore, AlertStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly dirtyCells = (query: DueQuery) => dirtyCells(this.#database, query);

  readonly newWindows = (cell: DirtyCell, afterMark: number, count: number) =>
    newWindows(this.#database, cell, { afterMark, count });

  readonly newLabels = (cell: DirtyCell, afterMark: number, count: number) =>
    newLabels(this.#database, cell, { afterMark, count });

  readonly windowsOfCell = (cell: CellPlace, after: CellWindowPlace, count: number) =>
    windowsOfCell(this.#database, cell, { after, count });

  readonly devicesOf = (cell: DirtyCell, after: string, count: number) =>
    membersOfCell(this.#database, cell, { after, count });

  readonly rolloutsOf = (release: Sha256, sinceMs: number) =>
    rolloutsOf(this.#database, release, sinceMs);

  readonly arrivedOf = (
    cell: DirtyCell,
    arrival: Arrival,
    page: { readonly after: string; readonly count: number },
  ) => arrivedOf(this.#database, cell, { ...arrival, ...page });

  readonly rollups = (cell: CellPlace) => rollupsOfCell(this.#database, cell);

  readonly rollupsOf = (query: RollupQuery) => rollupsOfCohort(this.#database, query);

  readonly newest = (releasePrefix: Digest8, sinceMs: number) =>
    newestRollups(this.#database, releasePrefix, sinceMs);

  readonly release = (releasePrefix: Digest8) => driftRelease(this.#database, releasePrefix);

  readonly releasePrefixes = () => releasesWithRollups(this.#database);

  readonly commit = (outcome: CellOutcome) =>
    unlessMoved(this.#database, (transaction) => commitCell(transaction, outcome));

  readonly foldDays = (
    endedBeforeMs: number,
    daysMax: number,
    add: (cells: readonly CellRollup[]) => CellRollup,
  ) => foldDays(this.#database, { endedBeforeMs, daysMax, add });

  readonly forget = (span: "cell" | "day", beforeMs: number, countMax: number) =>
    this.#database
      .transaction()
      .execute((transaction) => forgetRollups(transaction, span, { beforeMs, countMax }));

  readonly alerts = (query: AlertPageQuery) => alertPage(this.#database, query);

  readonly alert = (id: string) => alertById(this.#database, id);

  readonly changes = (id: string, countMax: number) => alertChanges(this.#database, id, countMax);

  readonly silentReleases = (judgedBeforeMs: number, countMax: number) =>
    silentReleases(this.#database, judgedBeforeMs, countMax);

  readonly changeAlerts = (change: AlertsChange) =>
    unlessMoved(this.#database, (transaction) => changeAlerts(transaction, change));
}
