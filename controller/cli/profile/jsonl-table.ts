import { profileLimits } from "@modelfleet/protocol";
import { fileFault, quoted } from "./file-fault.ts";
import type { Cell, Table, TableOptions, TableRow } from "./table.ts";
import { textChunks } from "./text-chunks.ts";

/** One JSON object a line (JSON Lines); members are columns, in the order they first appear. */
export function jsonlTable(options: TableOptions): Table {
  const { path, sizeBytes } = options;
  const columns: string[] = [];

  async function* read(onBytes: (doneBytes: number) => void): AsyncGenerator<readonly TableRow[]> {
    const places = new Map(columns.map((name, index) => [name, index]));
    const placeOf = (name: string, line: number): number => {
      const known = places.get(name);
      if (known !== undefined) return known;
      refuseTooMany({ path, line }, columns.length);
      places.set(name, columns.length);
      return columns.push(name) - 1;
    };
    let at = 0;
    for await (const lines of linesOf(options, onBytes)) {
      const rows: TableRow[] = [];
      for (const line of lines) {
        at += 1;
        if (line.trim() === "") continue;
        const cells: Cell[] = [];
        for (const [name, value] of membersOf({ path, line: at }, line)) {
          cells[placeOf(name, at)] = value;
        }
        rows.push({ at, cells });
      }
      yield rows;
    }
  }

  return { path, sizeBytes, unit: "line", isTyped: true, columns, read };
}

async function* linesOf(
  options: TableOptions,
  onBytes: (doneBytes: number) => void,
): AsyncGenerator<readonly string[]> {
  let rest = "";
  let line = 1;
  for await (const text of textChunks({ ...options, onBytes })) {
    const [first = "", ...others] = text.split("\n");
    const last = others.pop();
    if (last !== undefined) yield [rest + first, ...others];
    rest = last ?? rest + first;
    line += last === undefined ? 0 : others.length + 1;
    if (rest.length > profileLimits.recordBytesMax) {
      const expected = `expected lines of at most ${profileLimits.recordBytesMax} characters`;
      throw fileFault({ path: options.path, line }, expected);
    }
  }
  if (rest !== "") yield [rest];
}

interface LinePlace {
  readonly path: string;
  readonly line: number;
}

function membersOf(place: LinePlace, line: string): [string, Cell][] {
  const value = parsed(place, line);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fileFault(place, `expected a JSON object, got ${quoted(line)}`);
  }
  return Object.entries(value).map(([name, member]) => [name, cellOf(place, name, member)]);
}

function parsed(place: LinePlace, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw fileFault(place, `expected a JSON object, got ${quoted(line)}`, cause);
  }
}

function cellOf(place: LinePlace, column: string, value: unknown): Cell {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return value === "" ? null : value;
  if (value === null || Array.isArray(value)) return value;
  throw fileFault({ ...place, column }, "expected a number, a text, a list or null, got an object");
}

function refuseTooMany(place: LinePlace, columns: number): void {
  if (columns < profileLimits.columnsMax) return;
  throw fileFault(place, `expected at most ${profileLimits.columnsMax} different members`);
}
