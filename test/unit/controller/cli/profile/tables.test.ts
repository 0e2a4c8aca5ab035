import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import {
  type OpenTableOptions,
  openTable,
} from "../../../../../controller/cli/profile/open-table.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";

interface ReadOf extends OpenTableOptions {
  readonly name: string;
  readonly content: string | Uint8Array;
}

async function readAll({ name, content, ...options }: ReadOf) {
  await using folder = await temporaryFolder();
  const path = folder.inside(name);
  await writeFile(path, content);
  return await readTable(path, options);
}

async function readTable(path: string, options: OpenTableOptions = {}) {
  const table = await openTable(path, options);
  const rows: { readonly at: number; readonly cells: readonly unknown[] }[] = [];
  let doneBytes = 0;
  for await (const batch of table.read((bytes) => (doneBytes = bytes))) rows.push(...batch);
  return { columns: [...table.columns], rows, doneBytes, sizeBytes: table.sizeBytes };
}

const csv = (content: string | Uint8Array, options: OpenTableOptions = {}) =>
  readAll({ name: "rows.csv", content, ...options });
const jsonl = (content: string | Uint8Array, options: OpenTableOptions = {}) =>
  readAll({ name: "rows.jsonl", content, ...options });

describe("a CSV file", () => {
  test("has named columns and rows that know their line", async () => {
    const { columns, rows } = await csv('a, b\n1,"x, ""y""\nz"\n\n3,\r\n');

    expect(columns).toEqual(["a", "b"]);
    expect(rows).toEqual([
      { at: 3, cells: ["1", 'x, "y"\nz'] },
      { at: 5, cells: ["3", null] },
    ]);
  });

  test("may begin with a byte order mark, also when it is read byte by byte", async () => {
    const read = await csv("\uFEFFgrün,b\n1,ß\n", { chunkBytes: 1 });

    expect(read.columns).toEqual(["grün", "b"]);
    expect(read.rows[0]?.cells).toEqual(["1", "ß"]);
    expect(read.doneBytes).toBe(read.sizeBytes);
  });

  test.each([1, 2, 3, 7, 64, 4_096])("is the same read %i bytes at a time", async (chunkBytes) => {
    const content = `n,text\n${Array.from({ length: 700 }, (_, i) => `${i},"ü ""${i}""\n,"`).join("\n")}\n`;

    expect(await csv(content, { chunkBytes })).toEqual(await csv(content));
  });

  test("of tabs ends in .tsv, or says so", async () => {
    const tabs = await readAll({ name: "rows.TSV", content: "a\tb\n1\t2,5\n" });
    const semicolons = await csv("a;b\n1;2,5\n", { delimiter: ";" });

    expect(tabs.rows[0]?.cells).toEqual(["1", "2,5"]);
    expect(semicolons.rows[0]?.cells).toEqual(["1", "2,5"]);
  });

  test.each([
    1, 2, 3, 4_096,
  ])("may end its lines either way, read %i bytes at a time", async (chunkBytes) => {
    const { columns, rows } = await csv("a,b\r\n1,x\n2,y\r\n\r\n3,z", { chunkBytes });

    expect(columns).toEqual(["a", "b"]);
    expect(rows).toEqual([
      { at: 2, cells: ["1", "x"] },
      { at: 3, cells: ["2", "y"] },
      { at: 5, cells: ["3", "z"] },
    ]);
  });

  test("with a header alone has no rows", async () => {
    expect((await csv("a,b\n")).rows).toEqual([]);
  });

  const wide = Array.from({ length: 4_097 }, (_, i) => `c${i}`);
  const binary = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]);
  test.each<[string, string | Uint8Array, RegExp]>([
    ["nothing in it", "", /expected a header, got an empty file/],
    ["a cell too many", "a,b\n1,2\n1,2,3\n", /line 3: expected as many cells as the header/],
    ["a cell too few", 'a,b\n"1\n2",3\n4\n', /line 4: expected as many cells as the header/],
    ["an open quote", 'a,b\n"1,2\n3,4\n', /expected this quote to be closed/],
    ["a quote in a cell", 'a,b\n1,x"y\n', /line 2: expected comma-separated values/],
    ["a record without end", `a,b\n"${"x".repeat(1_048_600)}",2\n`, /records of at most 1048576/],
    ["a column twice", "a,b,a\n1,2,3\n", /expected each column once, got "a" twice/],
    ["a column without a name", "a,,b\n1,2,3\n", /expected a name for column 2/],
    ["too many columns", `${wide.join(",")}\n`, /at most 4096 columns, got 4097/],
    ["semicolons", "a;b\n1;2\n", /got ";": say delimiter in the config/],
    ["bytes of another format", binary, /expected text in UTF-8, got other bytes after line 1/],
    ["a zero byte", "a,b\n1,\0\n", /expected text in UTF-8, got other bytes after line 1/],
    ["a cut character", Uint8Array.from([0x61, 0x0a, 0xc3]), /expected text in UTF-8/],
  ])("with %s is refused", async (_what, content, why) => {
    await expect(csv(content)).rejects.toMatchObject({ code: "FILE", message: why });
  });

  test("of as many columns as there may be is read", async () => {
    expect((await csv(`${wide.slice(1).join(",")}\n`)).columns).toHaveLength(4_096);
  });
});

describe("a JSON Lines file", () => {
  test("has a column for each member, wherever it first appears", async () => {
    const { columns, rows } = await jsonl('{"a":1,"b":"x"}\r\n\n{"c":[1,2],"b":null}\n{"a":true}');

    expect(columns).toEqual(["a", "b", "c"]);
    expect(rows).toEqual([
      { at: 1, cells: [1, "x"] },
      { at: 3, cells: [undefined, null, [1, 2]] },
      { at: 4, cells: [true] },
    ]);
  });

  test.each([1, 5, 64])("is the same read %i bytes at a time", async (chunkBytes) => {
    const content = Array.from({ length: 300 }, (_, i) => `{"n":${i},"t":"ü\\n${i}"}`).join("\n");
    const rowsOf = async (options: OpenTableOptions) => (await jsonl(content, options)).rows;

    expect(await rowsOf({ chunkBytes })).toEqual(await rowsOf({}));
  });

  test("is the same when it is read again", async () => {
    await using folder = await temporaryFolder();
    const path = folder.inside("rows.ndjson");
    await writeFile(path, '{"b":1}\n{"a":2,"b":3}\n');
    const table = await openTable(path);
    const cells = async () => {
      const rows = [];
      for await (const batch of table.read(() => undefined)) rows.push(...batch);
      return rows.map((row) => row.cells);
    };

    expect(await cells()).toEqual([[1], [3, 2]]);
    expect(await cells()).toEqual([[1], [3, 2]]);
    expect(table.columns).toEqual(["b", "a"]);
  });

  test.each<[string, string, RegExp]>([
    ["a list", '{"a":1}\n[1]\n', /line 2: expected a JSON object, got "\[1\]"/],
    ["half an object", '{"a":1}\n\n{"a":\n', /line 3: expected a JSON object/],
    ["NaN", '{"a":NaN}\n', /line 1: expected a JSON object/],
    ["an object in an object", '{"a":{"b":1}}\n', /line 1, column a: expected a number/],
    ["a line without end", `{"a":"${"x".repeat(1_200_000)}`, /lines of at most 1048576/],
  ])("with %s is refused", async (_what, content, why) => {
    await expect(jsonl(content)).rejects.toMatchObject({ code: "FILE", message: why });
  });
});

const vectors = new URL("../../../../vectors/profile/", import.meta.url);

describe("a Parquet file", () => {
  test.each([
    "rows.parquet",
    "rows-snappy.parquet",
  ])("gives numbers, truths, texts, times, lists and nothing as they are: %s", async (name) => {
    const { columns, rows } = await readTable(new URL(name, vectors).pathname);
    const column = (of: string) => rows.map(({ cells }) => cells[columns.indexOf(of)] ?? null);

    expect(rows.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(column("count")).toEqual([1n, 2n, null, 2n ** 53n, -4n, 7n]);
    expect(column("level")).toEqual([0.5, Number.NaN, null, 2.5, Number.POSITIVE_INFINITY, -1.5]);
    expect(column("ratio")).toEqual(
      [0.1, 0.2, 0.3, null, 0.5, 0.7].map((value) => value && Math.fround(value)),
    );
    expect(column("small")).toEqual([1, 2, 3, 4, 5, null]);
    expect(column("ok")).toEqual([true, false, null, true, true, false]);
    expect(column("colour")).toEqual(["red", "blue", null, "red", null, "grün, hell"]);
    expect(column("at")[1]).toEqual(new Date("2026-11-21T01:00:00Z"));
    expect(column("vector").slice(0, 3)).toEqual([[1, 2], [3, 4], null]);
  });

  test.each<[string, Uint8Array]>([
    ["nothing in it", new Uint8Array()],
    ["text in it", Buffer.from("a,b\n1,2\n3,4\n")],
    ["no footer", Buffer.from(`PAR1${"x".repeat(100)}`)],
    ["a footer of nonsense", Buffer.from(`PAR1${"\xff".repeat(40)}\x20\0\0\0PAR1`, "latin1")],
  ])("with %s is refused", async (_what, content) => {
    await expect(readAll({ name: "rows.parquet", content })).rejects.toMatchObject({
      code: "FILE",
      message: /expected a Parquet file that is whole/,
    });
  });
});

test("a file of another ending, a folder and no file are refused", async () => {
  await using folder = await temporaryFolder();

  await expect(openTable(folder.inside("rows.xlsx"))).rejects.toMatchObject({
    code: "USAGE",
    message: /expected a file ending in \.csv, \.tsv, \.jsonl, \.ndjson, \.parquet/,
  });
  await expect(openTable(folder.inside("rows.csv"))).rejects.toMatchObject({
    code: "FILE",
    message: /expected a file there, got none/,
  });
  await expect(openTable(new URL(".", vectors).pathname.replace(/\/$/, ""))).rejects.toMatchObject({
    code: "USAGE",
  });
});
