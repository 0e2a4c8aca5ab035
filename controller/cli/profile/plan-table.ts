import { telemetryLimits } from "@modelfleet/protocol";
import type { ColumnUse, Embedding, TablePlan } from "./column-use.ts";
import { fileFault } from "./file-fault.ts";
import { findEmbeddings, some } from "./find-embeddings.ts";
import { guessUse } from "./guess-use.ts";
import { ownUses } from "./own-uses.ts";
import type { ProfileConfig } from "./profile-config.ts";
import type { TableScan } from "./scan-table.ts";
import type { Table } from "./table.ts";

/**
 * What becomes of each column: what the config says, else what its values look like.
 *
 * @throws CliError FILE when the config names what is not there, or values cannot be what it says
 */
export function planTable(table: Table, { scans }: TableScan, config: ProfileConfig): TablePlan {
  const { path, columns, unit } = table;
  refuseUnknown(path, columns, Object.keys(config.columns ?? {}));
  const embeddings = findEmbeddings({ path, columns, scans }, config);
  const own = ownUses({ path, columns, scans, embeddings }, config);
  let position = 0;
  const uses = scans.map((scan, index): ColumnUse => {
    const name = columns[index] ?? "";
    const use = own.get(index);
    if (use !== undefined) return use;
    const guess = guessUse({ path, unit, name, scan, config, position });
    position += guess.takesPosition ? 1 : 0;
    return guess.use;
  });
  const fitting = withRoomForTold(uses);
  refuseMore(path, fitting, embeddings);
  return { columns, embeddings, uses: fitting };
}

/** Categories that were only guessed, beyond the room there is, are as well off as numbers. */
function withRoomForTold(uses: readonly ColumnUse[]): readonly ColumnUse[] {
  const isFirm = (use: ColumnUse) =>
    use.use === "categorical" && (use.isTold || use.elementType === null);
  let room = telemetryLimits.categoriesMax - uses.filter(isFirm).length;
  return uses.map((use) => {
    if (use.use !== "categorical" || isFirm(use) || use.elementType === null) return use;
    room -= 1;
    const { name, source, elementType } = use;
    return room >= 0 ? use : { use: "numeric", name, source, elementType };
  });
}

/** @throws CliError FILE when there are more signals than a profile holds, or two of one name */
function refuseMore(
  path: string,
  uses: readonly ColumnUse[],
  embeddings: readonly Embedding[],
): void {
  const categories = uses.flatMap((use) => (use.use === "categorical" ? [use.name] : []));
  const numbers = uses.flatMap((use) => (use.use === "numeric" ? [use.name] : []));
  const features = [...numbers, ...embeddings.flatMap(projectionNames)];
  refuseNames(path, "numbers", features, telemetryLimits.featuresMax);
  refuseNames(path, "categories", categories, telemetryLimits.categoriesMax);
}

function refuseNames(path: string, what: string, names: readonly string[], max: number): void {
  if (names.length > max) {
    const way = "say type: unwatched in the config for those that matter least";
    throw fileFault({ path }, `expected at most ${max} ${what}, got ${names.length}: ${way}`);
  }
  for (const name of names) {
    const isFree = names.indexOf(name) === names.lastIndexOf(name);
    if (isFree && name.length <= 64) continue;
    const expected = isFree
      ? "expected a name of at most 64 characters"
      : "expected each name once";
    throw fileFault({ path, column: name }, `${expected}: give it a name in the config`);
  }
}

/** What the projections of an embedding are called. */
export function projectionNames({ name, projections }: Embedding): string[] {
  return Array.from({ length: projections }, (_, projection) => `${name}.p${projection}`);
}

function refuseUnknown(path: string, columns: readonly string[], names: readonly string[]): void {
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown === undefined) return;
  throw fileFault(
    { path },
    `expected the column ${unknown} of the config; there are ${some(columns)}`,
  );
}
