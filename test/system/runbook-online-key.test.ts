import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Deployment } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { askDevice, blankDigit } from "../support/fleet/ask-device.ts";
import { productionFleet } from "../support/fleet/production-fleet.ts";
import { enrolAgent, startAgent } from "../support/fleet/small-fleet.ts";
import { runbook } from "../support/fleet/typed-commands.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** docs/operations.md, "The online key is lost or stolen". */
test("a new online key takes over: the device serves on, walks to the new root and takes orders of that key alone", async () => {
  await using folder = await temporaryFolder();
  await using fleet = await productionFleet(folder.path);
  await using stack = new AsyncDisposableStack();
  const device = join(folder.path, "device-1");
  const lines = await runbook("The online key is lost or stolen");
  const publish = lines.at(-1) ?? "";
  await cp("examples/digits/releases/1.0.0", join(fleet.people, "releases/1.0.0"), {
    recursive: true,
  });
  await enrolAgent(fleet, "device-1", device);
  const agent = await startAgent("device-1", device);
  stack.defer(() => agent.program.stop());
  await fleet.type("npx modelfleet release sign releases/1.0.0 --key release.key --root root.json");
  await fleet.type("npx modelfleet release publish releases/1.0.0");
  const deploy = () =>
    fleet.command(Deployment, "deploy", "digits@1.0.0", "--all", "--wait", "--timeout", "10s");
  const before = await deploy();

  for (const line of lines.slice(0, -1)) await fleet.type(line);
  const tooEarly = await fleet.attemptLine(publish);
  await rename(join(fleet.people, "online-2.key"), join(fleet.keys, "online-2.key"));
  await fleet.type(publish);
  await rm(join(fleet.keys, "online.key"));

  expect(before.devices[0]).toMatchObject({ status: "confirmed" });
  expect(tooEarly.output).toContain("ONLINE_KEY_MISSING");
  expect(await agent.program.event("root.adopted", 5_000)).toMatchObject({ version: 2 });
  // An order that comes between hello and answer waits for the next hello, longer than this test.
  const held = before.devices[0]?.seq ?? Number.MAX_SAFE_INTEGER;
  await agent.program.event("desired.accepted", 5_000, ({ seq }) => Number(seq) > held);
  const answer = await askDevice(agent.socketPath, "/v2/models/digits/infer", blankDigit);
  expect(answer.status).toBe(200);
  expect((await deploy()).devices[0]).toMatchObject({ status: "confirmed" });
});
