import { expect, test } from "vitest";
import { type BuildOf, build } from "../support/profile/build-profile.ts";

const numbers = Array.from({ length: 20 }, (_, i) => String(i + 0.5));

const refused: [what: string, of: BuildOf, exitCode: number, why: RegExp][] = [
  ["of no rows", { rows: "a,b\n" }, 1, /rows\.csv: expected at least one row, got none/],
  ["of nothing", { rows: "", file: "rows.jsonl" }, 1, /expected at least one row, got none/],
  [
    "with a text among numbers",
    { rows: `a\n${numbers.join("\n")}\n"n/a"\n` },
    1,
    /line 22, column a: expected a number, got "n\/a": mend it, list it under missing/,
  ],
  [
    "with a text in a column of numbers by its config",
    { rows: "a\nx\n1\ny\n", config: "columns: { a: { type: numeric } }" },
    1,
    /line 2, column a: expected a number, got "x"/,
  ],
  [
    "with quantiles of texts",
    { rows: "a\nx\ny\n", config: "columns: { a: { quantiles: true } }" },
    1,
    /line 2, column a: expected a number, got "x"/,
  ],
  [
    "with quantiles of a category",
    { rows: "a\n1\n", config: "columns: { a: { type: categorical, quantiles: true } }" },
    2,
    /columns\/a: expected quantiles of a numeric column/,
  ],
  [
    "with quantiles of five columns",
    {
      rows: "a\n1\n",
      config: `columns: { ${["a", "b", "c", "d", "e"].map((name) => `${name}: { quantiles: true }`).join()} }`,
    },
    2,
    /columns: expected at most 4 columns with quantiles/,
  ],
  [
    "with a time that is none",
    { rows: "at,a\n2026-11-21,1\nyesterday,2\n", flags: ["--time-column", "at"] },
    1,
    /line 3, column at: expected a time since 1970.* got "yesterday"/,
  ],
  [
    "with a time before 1970",
    { rows: "at,a\n1969-12-31T23:59:59Z,1\n", flags: ["--time-column", "at"] },
    1,
    /line 2, column at: expected a time since 1970/,
  ],
  [
    "with a confidence above one",
    {
      rows: "p,c\n0,0.5\n1,87\n",
      flags: ["--prediction-column", "p", "--confidence-column", "c"],
    },
    1,
    /line 3, column c: expected a confidence of 0 … 1, got 87/,
  ],
  [
    "with one class alone",
    { rows: "p\na\na\n", flags: ["--prediction-column", "p"] },
    1,
    /expected 2 to 64 classes, got 1/,
  ],
  [
    "with an answer that is no class",
    { rows: "p\nyes\nperhaps\n", config: "predictionColumn: p\noutput: { classes: [yes, no] }" },
    1,
    /column p: expected a class of the output, got "perhaps"/,
  ],
  [
    "with a column that is not there",
    { rows: "a\n1\n", flags: ["--label-column", "z"] },
    1,
    /expected a column z; there are a/,
  ],
  [
    "with a column of the config that is not there",
    { rows: "a\n1\n", config: "columns: { z: {} }" },
    1,
    /expected the column z of the config/,
  ],
  [
    "with an embedding that is not there",
    { rows: "a\n1\n", flags: ["--embedding", "e"] },
    1,
    /expected a column e of lists, or columns e_0/,
  ],
  [
    "with lists of several lengths",
    { rows: '{"e":[1,2]}\n{"e":[1]}\n', file: "rows.jsonl", flags: ["--embedding", "e"] },
    1,
    /column e: expected lists of one length, 1 to 16384, got lists of several/,
  ],
  [
    "with a text in a list",
    { rows: '{"e":[1,2]}\n{"e":[1,"x"]}\n', file: "rows.jsonl", flags: ["--embedding", "e"] },
    1,
    /line 2, column e: expected a list of numbers, got string in it/,
  ],
  [
    "with more numbers than a profile holds",
    {
      rows: `${Array.from({ length: 65 }, (_, i) => `c${i}`).join(",")}\n${new Array(65).fill("0.5").join(",")}\n`,
    },
    1,
    /expected at most 64 numbers, got 65: say type: unwatched/,
  ],
  [
    "with a name that is too long",
    { rows: `${"n".repeat(65)}\n0.5\n` },
    1,
    /expected a name of at most 64 characters/,
  ],
  [
    "over another file",
    { rows: "a\n1\n", there: "precious" },
    1,
    /expected no file there, or an earlier profile, got another/,
  ],
  [
    "with a member the config does not have",
    { rows: "a\n1\n", config: "tensor: x\ncolums: {}\n" },
    2,
    /c\.yaml:3:1: colums: expected no such member/,
  ],
  [
    "with a kind there is not",
    { rows: "a\n1\n", config: "columns:\n  a:\n    type: number\n" },
    2,
    /c\.yaml:4:5: columns\/a\/type/,
  ],
  [
    "for windows of 49 items",
    { rows: "a\n1\n", flags: ["--window-items", "49"] },
    2,
    /windowItems: .*50/,
  ],
  [
    "for windows of no number",
    { rows: "a\n1\n", flags: ["--window-items", "many"] },
    2,
    /--window-items: expected a whole number/,
  ],
  [
    "of another kind of file",
    { rows: "a\n1\n", file: "rows.xls" },
    2,
    /expected a file ending in \.csv/,
  ],
];

test.each(refused)("a profile is not built %s", async (_what, of, exitCode, why) => {
  const built = await build(of);

  expect(built.err).toMatch(why);
  expect(built.exitCode).toBe(exitCode);
  expect(built.text).toBe(of.there ?? "");
});
