import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Role } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { actionsOf } from "../../../../controller/src/domain/access/actions.ts";

const path = join(import.meta.dirname, "../../../../docs/operations.md");

test("the handbook's table of rights is the one the controller goes by", () => {
  const rows = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => /^\| `[a-z-]+\.[a-z]+` \|/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter((cells) => cells.length === 9)
    .map(([, right = "", , ...cells]) => [right.replaceAll("`", ""), cells.slice(0, 5)] as const);
  const expected = actionsOf.admin.map((action) => [
    action,
    Role.options.map((role) => (actionsOf[role].includes(action) ? "yes" : "")),
  ]);

  expect(new Map(rows.map(([right, cells]) => [right, cells]))).toEqual(
    new Map(expected.map(([right, cells]) => [right, cells])),
  );
  expect(rows).toHaveLength(expected.length);
});
