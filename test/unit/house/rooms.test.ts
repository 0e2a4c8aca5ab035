import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type TemporaryFolder, temporaryFolder } from "../../support/temporary-folder.ts";
import { landmarks, type PlantedImport, plantedImports } from "./planted-imports.ts";
import { copyTree, plant } from "./planted-tree.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TIMEOUT_MS = 60_000;

describe("the room check", () => {
  test("passes on the tree as it is", { timeout: TIMEOUT_MS }, async () => {
    await using folder = await copied();

    const { status, violations } = checkRooms(folder.path);

    expect(violations.map(({ from, rule }) => `${rule}: ${from}`)).toEqual([]);
    expect(status).toBe(0);
  });

  test("names every planted import by its rule and no other", { timeout: TIMEOUT_MS }, async () => {
    await using folder = await copied();
    for (const { path, text } of landmarks) plant(folder.path, path, text);
    for (const { file, text } of plantedImports) plant(folder.path, file, text);

    const { status, violations } = checkRooms(folder.path);

    const rulesOf = (file: string) =>
      new Set(violations.filter(({ from }) => from === file).map(({ rule }) => rule));
    const named = ({ file, text }: PlantedImport, rules: Iterable<string>) =>
      `${[...rules].sort().join(" + ")} ← ${file}: ${text.trim()}`;
    expect(plantedImports.map((one) => named(one, rulesOf(one.file)))).toEqual(
      plantedImports.map((one) => named(one, [one.rule, ...(one.also ? [one.also] : [])])),
    );
    expect(status).not.toBe(0);
  });

  test("has a planted import for each of its rules", async () => {
    const { default: rooms } = z
      .object({ default: z.object({ forbidden: z.array(z.object({ name: z.string() })) }) })
      .parse(await import(join(ROOT, ".dependency-cruiser.js")));

    const rules = new Set(plantedImports.map(({ rule }) => rule));

    expect([...rules].sort()).toEqual(rooms.forbidden.map(({ name }) => name).sort());
  });
});

async function copied(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder("modelfleet-rooms-");
  copyTree(folder.path);
  return folder;
}

/** Runs the very command of `npm run check:rooms` and reads what it tells people. */
function checkRooms(folder: string) {
  const [name = "", ...args] = roomCommand();
  const program = join(ROOT, "node_modules/.bin", name);
  const options = { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1_048_576 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
  if (!/modules.*cruised/.test(stdout)) {
    throw new Error(`expected a report of depcruise, got: ${stdout}${stderr}`);
  }
  const lines = stdout.matchAll(/^ *error ([a-z-]+): (\S+)/gm);
  return { status, violations: [...lines].map(([, rule = "", from = ""]) => ({ rule, from })) };
}

function roomCommand(): readonly string[] {
  const text = readFileSync(join(ROOT, "package.json"), "utf8");
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text));
  const command = scripts["check:rooms"]?.split(" ") ?? [];
  expect(command[0], "check:rooms is one plain command").toBe("depcruise");
  return command;
}
