import { expect, test } from "vitest";
import { loadedFrom } from "../../house/loaded-modules.ts";

test("--help loads the parser of command lines and nothing of the contract, whose schemas take longer than all else", () => {
  const { files, packages } = loadedFrom("controller/cli/main.ts");

  expect([...files].some((path) => path.endsWith("commands/deploy.ts"))).toBe(true);
  expect([...packages].sort()).toEqual(["commander", "node:module", "node:timers/promises"]);
});
