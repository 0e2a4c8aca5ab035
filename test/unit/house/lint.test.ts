import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ESLint } from "eslint";
import { describe, expect, test } from "vitest";
import { allowedCode, plantedCode } from "./planted-lint.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TIMEOUT_MS = 60_000;

/** One for all tests: it reads each package's types once. */
const eslint = new ESLint({ cwd: ROOT });

describe("the linter", () => {
  test.each(plantedCode)("says $rule in $room", { timeout: TIMEOUT_MS }, async (planted) => {
    const { rule, room, text } = planted;

    expect(await rulesBroken(room, text)).toEqual([rule]);
  });

  test.each(allowedCode)("lets pass in $room: $text", { timeout: TIMEOUT_MS }, async (allowed) => {
    expect(await rulesBroken(allowed.room, allowed.text)).toEqual([]);
  });
});

async function rulesBroken(room: string, text: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(text, { filePath: fileOf(room) });
  const broken = result?.messages.map(({ ruleId, message }) => ruleId ?? message) ?? [];
  return [...new Set(broken)];
}

/** A file that exists, whose text the planted one replaces in memory: types are known only for files of a project. */
function fileOf(room: string): string {
  const path = join(ROOT, room);
  if (statSync(path).isFile()) return path;
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  const name = names.filter((one) => /(?<![.]d|main)[.]ts$/.test(one)).sort()[0];
  if (name === undefined) throw new Error(`expected a source file in ${room}`);
  return join(path, name);
}
