import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT, type SourceFile, sourceFiles, sourceFolders } from "./source-files.ts";

const files = sourceFiles();
const code = files.filter(({ path }) => /[.](ts|tsx|js)$/.test(path));
const ours = code.filter(({ path }) => !path.startsWith("test/unit/house/"));
const LINES_MAX = 300;
const VAGUE = /(^|-)(managers?|helpers?|utils?|common|info|handlers?|handle|misc|stuff)(-|[.]|$)/;

describe("the house is tidy", () => {
  test("there is something to look at", () => {
    expect(code.length).toBeGreaterThan(50);
  });

  test(`no file is longer than ${LINES_MAX} lines`, () => {
    const long = code.filter(({ text }) => text.trimEnd().split("\n").length > LINES_MAX);

    expect(pathsOf(long)).toEqual([]);
  });

  test("files have the names of things, in kebab-case", () => {
    const names = code.map(({ path }) =>
      basename(path).replace(/([.]test|[.]config)?[.][a-z]+$/, ""),
    );
    const odd = names.filter((name) => !/^[.]?[a-z0-9]+(-[a-z0-9]+)*$/.test(name));
    const vague = names.filter((name) => VAGUE.test(name) || name === "data");

    expect({ odd, vague }).toEqual({ odd: [], vague: [] });
  });

  test("nothing is exported as default, but what a tool asks for", () => {
    const tools =
      /^(vitest|eslint)[.]config[.][tj]s$|^[.]dependency-cruiser[.]js$|vite[.]config[.]ts$/;

    expect(
      find(
        ours.filter(({ path }) => !tools.test(path)),
        /^export default\b/m,
      ),
    ).toEqual([]);
  });

  test("unions are used where other languages have an enum or a namespace", () => {
    expect(find(ours, /^\s*(export )?(declare )?(const )?(enum|namespace) \w+ \{/m)).toEqual([]);
  });

  test("each TODO names its issue", () => {
    const bare = /\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/;

    expect(find(ours.concat(proseOf(files)), bare)).toEqual([]);
  });

  test("no path of anybody's machine is written down", () => {
    const personal = /(?<![\w.}])\/((home|Users)\/[a-z]\w*|root|work)\/|\b[A-Z]:\\Users\\/;

    expect(find(ours.concat(proseOf(files)), personal)).toEqual([]);
  });

  test("no test is left out or left alone", () => {
    const tests = ours.filter(({ path }) => path.startsWith("test/"));

    expect(find(tests, /\b(test|describe|it)[.](only|skip|todo)\b|\bxit\(/)).toEqual([]);
  });

  test("only one file writes topics", () => {
    const others = ours.filter(
      ({ path }) =>
        /^(protocol|agent|controller|modelfleet)\//.test(path) && path !== "protocol/src/topics.ts",
    );

    expect(find(others, /["'`/]mf\/\d+\//)).toEqual([]);
  });

  test("the lock file names no registry", () => {
    const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");

    expect(/"resolved": "https?:[^"]*"/.exec(lock)?.[0]).toBeUndefined();
  });
});

describe("every room is in the list of ARCHITECTURE.md", () => {
  const text = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
  const listed = new Set([...text.matchAll(/^([a-z][\w./-]*)\/(?=\s)/gm)].map(([, path]) => path));

  test.each(sourceFolders().filter(isRoom))("%s", (folder) => {
    expect(listed.has(folder), `expected a line "${folder}/  …"`).toBe(true);
  });

  test("and the list names no room that is not there", () => {
    const folders = sourceFolders();
    const gone = [...listed].filter(
      (path) => !folders.some((folder) => folder === path || folder.startsWith(`${path}/`)),
    );

    expect(gone).toEqual([]);
  });
});

/** The top floor, and the rooms of each package's `src`; what is below is the room's own affair. */
function isRoom(folder: string): boolean {
  if (folder.startsWith(".")) return false;
  return (
    /^[^/]+$/.test(folder) || /^(protocol|agent|controller|modelfleet)\/src\/[^/]+$/.test(folder)
  );
}

function proseOf(all: readonly SourceFile[]): readonly SourceFile[] {
  return all.filter(({ path }) => !/[.](ts|tsx|js)$/.test(path));
}

function find(where: readonly SourceFile[], what: RegExp): readonly string[] {
  return where.flatMap(({ path, text }) => {
    const found = what.exec(text);
    if (!found) return [];
    const line = text.slice(0, found.index).split("\n").length;
    return [`${path}:${line}: ${found[0].trim()}`];
  });
}

function pathsOf(some: readonly SourceFile[]): readonly string[] {
  return some.map(({ path }) => path);
}
