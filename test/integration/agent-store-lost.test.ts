import { execFile } from "node:child_process";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gatedRelay } from "../support/agent/gated-relay.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const patience = { withinMs: 20_000 };

/** A device with release 2.0.0 active and 1.0.0 before it, whose broker and files are at ports of their own. */
let folder: TemporaryFolder;
let controller: Awaited<ReturnType<typeof miniController>>;
let http: Awaited<ReturnType<typeof gatedRelay>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  controller = await miniController();
  http = await gatedRelay(Number(new URL(controller.controllerUrl).port));
  const { brokerUrl } = controller;
  await enrolledFolder(folder.path, { brokerUrl, controllerUrl: `http://127.0.0.1:${http.port}` });
  const agent = await runningAgent(folder.path);
  for (const major of [1, 2]) {
    controller.want(controller.release(`${major}.0.0`, {}, major));
    await controller.order();
    await eventually(() => isConfirmed(`${major}.0.0`), patience);
  }
  await agent.close();
});

afterAll(async () => {
  await http[Symbol.asyncDispose]();
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function isConfirmed(version: string): boolean {
  const items = controller.reports.flatMap((report) => report.items);
  return items.some((item) => item.version === version && item.step === "confirmed");
}

test("F37: with the active and the previous file rotten at its start, a device runs no model, stays on MQTT, and heals when the files can be had", async () => {
  for (const name of await readdir(folder.inside("blobs"))) {
    await chmod(folder.inside("blobs", name), 0o644);
    await writeFile(folder.inside("blobs", name), "rot");
  }
  http.set(false);
  const reports = controller.reports.length;
  await using agent = await runningAgent(folder.path);

  await eventually(
    async () => expect(await agent.status()).toMatchObject({ slots: [{ active: null }] }),
    patience,
  );
  const refused = await agent.infer([1, 2]);
  const status = await agent.status();
  await eventually(() => controller.reports.length > reports, patience);
  http.set(true);
  await controller.order();
  await eventually(async () => expect((await agent.infer([1, 2])).status).toBe(200), patience);

  expect(refused.status).toBe(503);
  expect(status).toMatchObject({ agent: "running", connected: true });
  expect((await agent.infer([1, 2])).json()).toMatchObject({ model_version: "2.0.0" });
  // Neither rotten file was ever given to a runner.
  expect(agent.events.filter(({ code }) => code === "LOAD_FAILED")).toEqual([]);
});

test("a second agent on one data folder ends with code 1 and says which process has it", async () => {
  await using first = await runningAgent(folder.path);
  const args = ["agent/bin/modelfleet-agent.js", "start", "--data", folder.path];

  const ended = await promisify(execFile)(process.execPath, args).catch((cause: unknown) => cause);

  expect(ended).toMatchObject({ code: 1 });
  expect(ended).toMatchObject({
    stderr: expect.stringContaining(`in use by the agent with pid ${process.pid}`) as string,
  });
  expect(await first.status()).toMatchObject({ agent: "running" });
});
