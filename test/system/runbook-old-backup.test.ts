import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, Release } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  enrolAgent,
  startAgent,
  startController,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DIGITS = "examples/digits/releases";
const Verdict = z.object({ whole: z.boolean(), broken: z.object({ how: z.string() }).optional() });
const Exported = z.object({ events: z.int() });

/** docs/operations.md, "The controller was restored from an old backup". */
test("a controller restored from an old backup numbers its orders above what devices hold, and the next deployment installs", async () => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, "controller");
  const backup = join(folder.path, "backup");
  const exported = join(folder.path, "audit.ndjson");
  const device = join(folder.path, "device-1");
  await using stack = new AsyncDisposableStack();
  let controller: TestController = await startController({ data });
  stack.defer(() => controller.program.stop());
  const { httpPort, mqttPort } = controller;
  const start = () => startController({ data, httpPort, mqttPort });
  const deployed = async (version: string) => {
    const wait = ["--all", "--wait", "--timeout", "20s"];
    const { devices } = await controller.command(
      Deployment,
      "deploy",
      `digits@${version}`,
      ...wait,
    );
    return devices[0];
  };
  await Promise.all([
    enrolAgent(controller, "device-1", device),
    ...["1.0.0", "2.0.0"].map((version) =>
      controller.command(Release, "release", "publish", `${DIGITS}/${version}`),
    ),
  ]);

  await controller.program.stop();
  await cp(data, backup, { recursive: true });
  controller = await start();
  const agent = await startAgent("device-1", device);
  stack.defer(() => agent.program.stop());
  await deployed("1.0.0");
  const last = await deployed("2.0.0");
  await controller.command(Exported, "audit", "export", "--out", exported);
  await controller.program.stop();
  await rm(data, { recursive: true });
  await cp(backup, data, { recursive: true });
  controller = await start();

  const lastSeq = last?.seq ?? Number.MAX_SAFE_INTEGER;
  const told = await controller.program.event("device.release-not-assigned", 20_000);
  expect(told).toMatchObject({ device: "device-1" });
  const next = await deployed("1.0.0");
  expect(next).toMatchObject({ status: "confirmed" });
  expect(next?.seq).toBeGreaterThan(lastSeq);
  const verdict = await controller.command(Verdict, "audit", "verify", "--earlier", exported);
  expect(verdict).toMatchObject({ whole: false });
});
