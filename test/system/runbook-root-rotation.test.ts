import { join } from "node:path";
import { expect, test } from "vitest";
import { productionFleet } from "../support/fleet/production-fleet.ts";
import { enrolAgent, startAgent } from "../support/fleet/small-fleet.ts";
import { runbook } from "../support/fleet/typed-commands.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** docs/operations.md, "Replace a root key". */
test("a root key is replaced by two of the others, and a device goes on under the new root", async () => {
  await using folder = await temporaryFolder();
  await using fleet = await productionFleet(folder.path);
  await using stack = new AsyncDisposableStack();
  const device = join(folder.path, "device-1");
  const lines = await runbook("Replace a root key");
  await enrolAgent(fleet, "device-1", device);
  const agent = await startAgent("device-1", device);
  stack.defer(() => agent.program.stop());

  const said = [];
  for (const line of lines) said.push((await fleet.type(line)).output);

  expect(said.at(-2)).toMatch(/complete +yes/);
  expect(await agent.program.event("root.adopted", 5_000)).toMatchObject({ version: 2 });
  const early = await fleet.attemptLine("npx modelfleet root publish in-force.json");
  expect(early).toMatchObject({ exitCode: 1 });
  expect(early.output).toContain("ROOT_REFUSED");
});
