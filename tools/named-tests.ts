import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["test/unit", "test/integration", "test/system", "test/faults", "test/servers"];
/** A test, or a group of them, whose name begins with what it shows: `F4: …`, `R7: …`, or `S1, F50: …`. */
const NAMED =
  /\b(?:test|it|describe)(?:\.\w+)*(?:\((?:[^()]|\([^()]*\))*\))?\(\s*(["'`])((?:[FRS]\d+(?:, )?)+: (?:(?!\1)[\s\S])+)\1/g;

/** One test that shows fault cases (F), or acceptance scenarios of the agent (S) or of rollouts (R). */
export interface NamedTest {
  readonly cases: readonly number[];
  readonly scenarios: readonly number[];
  readonly rollouts: readonly number[];
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
    const numbers = (letter: "F" | "R" | "S") =>
      shown.filter((one) => one.startsWith(letter)).map((one) => Number(one.slice(1)));
    const name = title.slice(colon + 2).replaceAll(/\s+/g, " ");
    const found = { cases: numbers("F"), scenarios: numbers("S"), rollouts: numbers("R") };
    return { ...found, name, path };
  });
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
