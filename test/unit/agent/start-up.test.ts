import { expect, test } from "vitest";
import { loadedFrom } from "../house/loaded-modules.ts";

test("the agent's --help loads the parser of command lines and nothing of the contract, whose schemas take longer than all else", () => {
  const { files, packages } = loadedFrom("agent/src/main.ts");

  expect([...files].some((path) => path.endsWith("cli/program.ts"))).toBe(true);
  expect([...packages].sort()).toEqual(["commander", "node:fs", "node:path"]);
});
