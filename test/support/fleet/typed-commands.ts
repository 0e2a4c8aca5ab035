import { readFile } from "node:fs/promises";
import { chdir, cwd } from "node:process";
import { runHere } from "./run-here.ts";

const OPERATIONS = new URL("../../../docs/operations.md", import.meta.url);

export type Typing = {
  /** Where the person stands. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
};

export type Typed = { readonly exitCode: number; readonly output: string };

/**
 * Types a command as a person would, one at a time: in one process they share the folder they stand in.
 */
export async function typeCommand(line: string, { folder, env }: Typing): Promise<Typed> {
  const [npx, modelfleet, ...args] = line.split(" ");
  if (npx !== "npx" || modelfleet !== "modelfleet") throw new Error(`expected a command: ${line}`);
  const before = cwd();
  chdir(folder);
  try {
    const { exitCode, text } = await runHere(args, env);
    return { exitCode, output: text };
  } finally {
    chdir(before);
  }
}

/**
 * The commands that docs/operations.md shows under this heading, with what stands for something else put in its place.
 * A runbook that is changed there is the runbook that is tested.
 */
export async function runbook(
  heading: string,
  values: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const docs = await readFile(OPERATIONS, "utf8");
  const [, section = ""] = docs.split(`\n### ${heading}\n`);
  const [, block = ""] = /```console\n(.*?)```/s.exec(section) ?? [];
  const lines = block.split("\n").filter((line) => line !== "");
  if (lines.length === 0) throw new Error(`expected commands under "${heading}"`);
  return lines.map((line) =>
    Object.entries(values).reduce((typed, [word, value]) => typed.replaceAll(word, value), line),
  );
}
