import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("../../modelfleet/bin/modelfleet.js", import.meta.url));

/** The program in a Node that says it is of this version. */
function runIn(node: string, ...argv: readonly string[]) {
  const versions = `{ value: { ...process.versions, node: "${node}" } }`;
  const disguise = `Object.defineProperty(process, "versions", ${versions});`;
  const before = `data:text/javascript,${encodeURIComponent(disguise)}`;
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ["--import", before, program, ...argv],
    { encoding: "utf8" },
  );
  return { status, stderr, stdout };
}

test.each([
  "20.20.2",
  "22.12.0",
])("in Node %s the program says in one line which Node it needs", (node) => {
  const { status, stderr, stdout } = runIn(node, "controller", "start", "--dev");

  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^modelfleet needs Node 22\.13 or later, and this is [^\n]*\n$/);
  expect(stderr).toContain(node);
});

test.each([
  ["22.13.0", "--version"],
  ["23.0.0", "--version"],
  ["20.20.2", "agent", "--help"],
])("in Node %s it runs %s", (node, ...argv) => {
  expect(runIn(node, ...argv)).toMatchObject({ status: 0, stderr: "" });
});
