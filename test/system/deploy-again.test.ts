import { join } from "node:path";
import { Deployment, type DeploymentDevice, Release } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPair, type TestController } from "../support/fleet/small-fleet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DIGITS = "examples/digits/releases";
const wait = ["--all", "--wait", "--timeout", "20s"];

const closers: (() => PromiseLike<unknown>)[] = [];
let controller: TestController;

beforeAll(async () => {
  const folder = await temporaryFolder();
  closers.push(() => folder[Symbol.asyncDispose]());
  const pair = await startPair(join(folder.path, "fleet"));
  closers.push(
    () => pair.controller.program.stop(),
    () => pair.agent.program.stop(),
  );
  controller = pair.controller;
  for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
    await controller.command(Release, "release", "publish", `${DIGITS}/${version}`);
  }
});

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** Deploys and waits for the end. */
async function ended(version: string): Promise<DeploymentDevice | undefined> {
  const deployment = await controller.command(Deployment, "deploy", `digits@${version}`, ...wait);
  return deployment.devices[0];
}

test("a release that runs and is confirmed is confirmed at once when it is deployed again", async () => {
  expect(await ended("1.0.0")).toMatchObject({ status: "confirmed" });

  expect(await ended("1.0.0")).toMatchObject({ status: "confirmed", step: null });
});

test("a release the device has refused ends with the recorded refusal when it is deployed again", async () => {
  expect(await ended("3.0.0")).toMatchObject({ status: "refused", code: "GOLDEN_MISMATCH" });

  const again = await ended("3.0.0");

  expect(again).toMatchObject({ status: "refused", code: "GOLDEN_MISMATCH" });
});

test("going to another release and back before it is confirmed ends on the one asked for last", async () => {
  await ended("1.0.0");

  const between = await controller.command(Deployment, "deploy", "digits@2.0.0", "--all");
  const back = await ended("1.0.0");

  expect(back).toMatchObject({ status: "confirmed" });
  const answer = await fetch(`${controller.url}/v1/deployments/${between.id}`);
  const [first] = Deployment.parse(await answer.json()).devices;
  expect(["superseded", "rolled-back"]).toContain(first?.status);
});
