import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, ReleaseList } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { productionFleet } from "../support/fleet/production-fleet.ts";
import { enrolAgent, startAgent } from "../support/fleet/small-fleet.ts";
import { runbook } from "../support/fleet/typed-commands.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DIGITS = "examples/digits/releases";
const SIGN_OLD = "npx modelfleet release sign releases/1.0.0 --key release.key --root root.json";

/** docs/operations.md, "A release key is lost or stolen". */
test("a new release key takes over: what it signs is installed, what only the old one signed is refused", async () => {
  await using folder = await temporaryFolder();
  await using fleet = await productionFleet(folder.path);
  await using stack = new AsyncDisposableStack();
  const device = join(folder.path, "device-1");
  for (const version of ["1.0.0", "2.0.0"]) {
    const to = join(fleet.people, "releases", version);
    await cp(join(DIGITS, version), to, { recursive: true });
  }
  await enrolAgent(fleet, "device-1", device);
  const agent = await startAgent("device-1", device);
  stack.defer(() => agent.program.stop());
  await fleet.type(SIGN_OLD);
  await fleet.type("npx modelfleet release publish releases/1.0.0");
  await fleet.type("npx modelfleet deploy digits@1.0.0 --all --wait");
  const { releases } = await fleet.command(ReleaseList, "release", "list");
  const [old] = releases;

  const lines = await runbook("A release key is lost or stolen", { DIGEST: old?.release ?? "" });
  const said = [];
  for (const line of lines) said.push((await fleet.type(line)).output);

  expect(said.at(-1)).toContain("confirmed");
  const wait = ["--all", "--wait", "--timeout", "10s"];
  const back = await fleet.attempt("deploy", "digits@1.0.0", ...wait);
  expect(Deployment.parse(back.answer).devices[0]).toMatchObject({
    status: "refused",
    code: "REVOKED",
  });
  const stolen = join(fleet.people, "releases/1.0.0/release.json");
  await writeFile(stolen, (await readFile(stolen, "utf8")).replace('"1.0.0"', '"1.0.1"'));
  await fleet.type(SIGN_OLD);
  const forged = await fleet.attempt("release", "publish", join(fleet.people, "releases/1.0.0"));
  expect(forged.answer).toMatchObject({ error: { code: "ENVELOPE" } });
});
