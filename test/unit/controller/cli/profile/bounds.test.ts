import { expect, test } from "vitest";
import { categoryRows } from "../../../../../controller/cli/profile/category-rows.ts";
import {
  type CollectOptions,
  collectTable,
} from "../../../../../controller/cli/profile/collect-table.ts";
import type {
  CategoricalUse,
  NumericUse,
} from "../../../../../controller/cli/profile/column-use.ts";
import { planTable } from "../../../../../controller/cli/profile/plan-table.ts";
import { scanTable } from "../../../../../controller/cli/profile/scan-table.ts";
import type { Cell, Table, TableRow } from "../../../../../controller/cli/profile/table.ts";
import { createWordList } from "../../../../../controller/cli/profile/word-list.ts";

const rules = { missing: new Set<string>(), isTyped: false };
const nothing = () => undefined;

/** Tables of these many rows, one a reading, all rows alike. */
function tableOf(columns: readonly string[], cells: readonly Cell[], ...readings: number[]): Table {
  async function* read(): AsyncGenerator<readonly TableRow[]> {
    const rows = readings.shift() ?? 0;
    const batch = new Array<TableRow>(1_000).fill({ at: 2, cells });
    for (let left = rows; left > 0; left -= 1_000) {
      yield await Promise.resolve(batch.slice(0, Math.min(left, 1_000)));
    }
  }
  return { path: "rows.csv", sizeBytes: 1, unit: "line", isTyped: false, columns, read };
}

function optionsOf(table: Table, rows: number, numbers: number): CollectOptions {
  const uses = Array.from({ length: numbers }, (_, index): NumericUse => {
    const source = { tensor: "x", index };
    return { use: "numeric", name: `c${index}`, source, elementType: "float32" };
  });
  const plan = { columns: table.columns, uses, embeddings: [] };
  return { plan, rows, rules, seed: 1, elementType: "float32", onBytes: nothing };
}

test("two million rows are read, and one more is refused with a way out", async () => {
  const most = tableOf(["a"], ["1"], 2_000_000);
  const more = tableOf(["a"], ["1"], 2_000_001);

  expect((await scanTable(most, rules, nothing)).rows).toBe(2_000_000);
  await expect(scanTable(more, rules, nothing)).rejects.toMatchObject({
    code: "FILE",
    message: /expected at most 2000000 rows, got more: take whole stretches/,
  });
});

test("more values than there is room for are refused before they are read", async () => {
  const table = tableOf(["a"], ["1"], 0);

  await expect(collectTable(table, optionsOf(table, 2_000_000, 26))).rejects.toMatchObject({
    message: /expected at most 50000000 values \(rows × columns watched\), got 52000000/,
  });
});

test.each([
  [2, 3],
  [3, 2],
  [1_000, 1_001],
])("a file of %i rows that has %i when it is read again is refused", async (first, second) => {
  const table = tableOf(["a"], ["1"], first, second);
  const { rows } = await scanTable(table, rules, nothing);

  await expect(collectTable(table, optionsOf(table, rows, 1))).rejects.toMatchObject({
    message: /expected the same rows in both readings/,
  });
});

test("words beyond those that are told apart make a column free text, unless its vocabulary is told", () => {
  const rows = 200_000;
  const use: CategoricalUse = {
    ...{ use: "categorical", name: "id", source: { tensor: "id" }, elementType: null },
    isTold: false,
  };
  const [names, told] = [createWordList(rows), createWordList(rows, ["w1", "w2"])];
  for (let row = 0; row < rows; row++) {
    names.add(row, `w${row % 100_000}`);
    told.add(row, `w${row % 100_000}`);
  }

  const known = categoryRows({ ...use, isTold: true, vocabulary: ["w1", "w2"] }, told);

  expect(names.words()).toHaveLength(65_536);
  expect(categoryRows(use, names)).toBeNull();
  expect(known?.words.filter((word) => word === 0)).toHaveLength(2);
  expect(known?.words.filter((word) => word === 2)).toHaveLength(rows - 4);
});

test("columns of an embedding follow their numbers and not the file", async () => {
  const columns = ["e_10", "e_2", "e_0", "extra", "e_1"];
  const table = tableOf(columns, ["1", "2", "3", "4", "5"], 1);
  const scan = await scanTable(table, rules, nothing);

  const plan = planTable(table, scan, { embeddings: { e: {} } });

  expect(plan.embeddings).toMatchObject([{ columns: [2, 4, 1, 0], length: 4, projections: 8 }]);
  expect(plan.uses[3]).toMatchObject({ use: "categorical", source: { tensor: "x", index: 0 } });
});
