import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const documented = /"\/var\/lib\/modelfleet\/agent[.]sock"/;

test("the example in the documentation runs as it is printed, but for the place of the socket", async () => {
  await using fixture = await apiFixture();
  await fixture.activate(
    fakeModel({
      version: "1.2.0",
      inputs: [{ name: "x", dtype: "float32", shape: [-1, 64] }],
      reply: [floatTensor("y", [1, 2], [0.25, 0.75])],
    }),
  );
  const text = readFileSync(join(ROOT, "docs/local-api.md"), "utf8");
  const [, example = ""] = /```js\n([^`]*client"[^`]*)```/.exec(text) ?? [];
  expect(example).toMatch(documented);
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(10);

  const program = example.replace(documented, JSON.stringify(fixture.api.socketPath));
  const { said, code } = await run(program);

  expect([said, code]).toEqual(["1.2.0 Float32Array(2) [ 0.25, 0.75 ]\n", 0]);
});

/** A program of an application, in a process of its own. */
async function run(program: string) {
  const flags = ["--conditions=modelfleet-source", "--no-warnings", "--input-type=module"];
  const child = spawn(process.execPath, [...flags, "--eval", program], { cwd: ROOT });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number];
  return { said, code };
}
