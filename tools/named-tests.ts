import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["test/unit", "test/integration", "test/system", "test/faults", "test/servers"];
/** A test, or a group of them, whose name begins with what it shows: `F4: …`, `R7: …`, or `S1, F50: …`. */
const NAMED =
  /\b(?:test|it|describe)(?:\.\w+)*(?:\((?:[^()]|\([^()]*\))*\))?\(\s*(["'`])((?:[FRST]\d+(?:, )?)+: (?:(?!\1)[\s\S])+)\1/g;

/** One test that shows fault cases (F), or acceptance scenarios of the agent (S), of rollouts (R) or of telemetry (T). */
export interface NamedTest {
  readonly cases: readonly number[];
  readonly scenarios: readonly number[];
  readonly rollouts: readonly number[];
  readonly telemetry: readonly number[];
  /** Without the numbers. */
  readonly name: string;
  readonly path: string;
}

/** The tests of the repository that name what they show, by path. */
export function namedTests(root: string): readonly NamedTest[] {
  return testFiles(root).flatMap((path) =>
    readNamedTests(path, readFileSync(join(root, path), "utf8")),
  );
}

/** What one file's text says it shows. */
export function readNamedTests(path: string, text: string): readonly NamedTest[] {
  return [...text.matchAll(NAMED)].map(([, , title = ""]) => {
    const colon = title.indexOf(": ");
    const shown = title.slice(0, colon).split(", ");
    const numbers = (letter: "F" | "R" | "S" | "T") =>
      shown.filter((one) => one.startsWith(letter)).map((one) => Number(one.slice(1)));
    const name = title.slice(colon + 2).replaceAll(/\s+/g, " ");
    return {
      ...{ cases: numbers("F"), scenarios: numbers("S") },
      ...{ rollouts: numbers("R"), telemetry: numbers("T") },
      ...{ name, path },
    };
  });
}

/** What the programs of a folder say they show, `Shows R27: …` to the end of the line. */
export function saidShowings(root: string, { folder, letter }: SaidIn) {
  const says = new RegExp(`\\bShows ${letter}(\\d+): (.+)$`, "gm");
  return readdirSync(join(root, folder), { encoding: "utf8", recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((file) => {
      const path = `${folder}/${file}`;
      const said = readFileSync(join(root, path), "utf8").matchAll(says);
      return [...said].map(([, number, name = ""]) => ({ number: Number(number), name, path }));
    });
}

interface SaidIn {
  readonly folder: string;
  readonly letter: "R" | "T";
}

/** As a cell of a table, with a link as seen from `test/faults`. */
export function linkOf({ path, name }: Pick<NamedTest, "path" | "name">): string {
  return `[${cell(name)}](${linkTo(path)})`;
}

export function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("[", "\\[").replaceAll("]", "\\]");
}

function linkTo(path: string): string {
  return path.startsWith("test/faults/")
    ? path.slice("test/faults/".length)
    : `../${path.slice("test/".length)}`;
}

function testFiles(root: string): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      // The tests of this file hold made-up names.
      .filter((name) => name.endsWith(".test.ts") && name !== "tools/fault-cases.test.ts")
      .toSorted()
      .map((name) => `${folder}/${name}`),
  );
}
