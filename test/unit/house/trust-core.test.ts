import { describe, expect, test } from "vitest";
import { type SourceFile, sourceFiles } from "./source-files.ts";

const ROOM = "protocol/src/trust/core/";
const LINES_MAX = 600;
const PACKAGES = ["node:crypto", "tweetnacl", "zod"];
const IMPORT = /^import\b[^;]*?"([^"]+)";$/gm;
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\b|\bprocess\b|\bset(Timeout|Interval|Immediate)\b|\bfetch\(|\bimport\(|\brequire\(|\bconsole\b/;

const core = sourceFiles().filter(({ path }) => path.startsWith(ROOM));

describe("the verification core", () => {
  test(`has at most ${LINES_MAX} lines of code: what has to be right can be read in one sitting`, () => {
    const lines = core.reduce((sum, { text }) => sum + codeLines(text).length, 0);

    expect(core.length).toBeGreaterThan(10);
    expect(lines).toBeGreaterThan(LINES_MAX / 2);
    expect(lines).toBeLessThanOrEqual(LINES_MAX);
  });

  test("imports hashes, signatures and schemas, and nothing that could read, send or wait", () => {
    expect(core.flatMap(foreignImports)).toEqual([]);
  });

  test("knows no clock and no chance", () => {
    const impure = core.filter(({ text }) => IMPURE.test(codeLines(text).join("\n")));

    expect(impure.map(({ path }) => path)).toEqual([]);
  });

  test("would be found out", () => {
    const planted = (text: string) => ({ path: `${ROOM}planted.ts`, text });

    expect(foreignImports(planted('import { open } from "node:fs";'))).toHaveLength(1);
    expect(foreignImports(planted('import {\n  a,\n  b,\n} from "mqtt";'))).toHaveLength(1);
    expect(foreignImports(planted('import { a } from "../../../../agent/src/a.ts";'))).toHaveLength(
      1,
    );
    expect(foreignImports(planted('import { a } from "../../digest.ts";'))).toEqual([]);
    for (const text of ["Date.now()", "new Date()", "Math.random()", "process.env", "fetch(url)"]) {
      expect(IMPURE.test(text), text).toBe(true);
    }
  });

  test("is counted without imports, comments and blank lines", () => {
    const text = [
      'import { a } from "a";',
      'import {\n  b,\n  c,\n} from "b";',
      "/** Says\n * why. */",
      "// And why.",
      "",
      "const one = 1; // Why.",
      "/* why */ const two = 2;",
    ].join("\n");

    expect(codeLines(text)).toHaveLength(2);
  });
});

function codeLines(text: string): string[] {
  return text
    .replace(IMPORT, "")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .split("\n")
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line));
}

function foreignImports({ path, text }: SourceFile): string[] {
  return [...text.matchAll(IMPORT)]
    .map(([, from = ""]) => from)
    .filter((from) => !PACKAGES.includes(from) && !/^(\.|\.\.|\.\.\/\.\.)\/[a-z]/.test(from))
    .map((from) => `${path}: ${from}`);
}
