import type { ReferenceRows } from "../../src/domain/profile/make-profile.ts";
import type { NumericRows } from "../../src/domain/profile/numeric-reference.ts";
import { categoryRows } from "./category-rows.ts";
import { classifiedRows } from "./classified-rows.ts";
import type { CollectedTable } from "./collect-table.ts";
import type { CategoricalUse } from "./column-use.ts";
import { projectionNames } from "./plan-table.ts";
import type { ProfileConfig } from "./profile-config.ts";

/** What was collected, as the maker of profiles takes it; and the categories that turned out to be none. */
export interface TableReference {
  readonly reference: ReferenceRows;
  readonly freeTexts: ReadonlySet<CategoricalUse>;
}

/** @throws CliError FILE when the classes of an output cannot be told */
export function tableReference(
  { path, rows }: { readonly path: string; readonly rows: number },
  collected: CollectedTable,
  config: ProfileConfig,
): TableReference {
  const made = [...collected.words].map(([use, list]) => ({ use, rows: categoryRows(use, list) }));
  return {
    reference: {
      rows,
      numbers: [...numericRows(collected), ...projectedRows(collected)],
      categories: made.flatMap((one) => (one.rows === null ? [] : [one.rows])),
      outputs: classifiedRows(path, collected, config),
      timesMs: collected.timesMs,
    },
    freeTexts: new Set(made.flatMap((one) => (one.rows === null ? [one.use] : []))),
  };
}

function numericRows({ numbers }: CollectedTable): NumericRows[] {
  return [...numbers].map(([{ name, source, quantiles = false }, { values, missing }]) => {
    const { tensor, index } = source;
    const place = { tensor, reduce: "element" as const, ...(index !== undefined && { index }) };
    return { name, source: place, values, missing, ...(quantiles && { quantiles }) };
  });
}

function projectedRows({ embeddings }: CollectedTable): NumericRows[] {
  return [...embeddings].flatMap(([embedding, { projections, seed }]) => {
    const names = projectionNames(embedding);
    return projections.map(({ values, missing }, index) => ({
      name: names[index] ?? "",
      source: { tensor: embedding.tensor, reduce: "projection" as const, index, seed },
      values,
      missing,
    }));
  });
}
