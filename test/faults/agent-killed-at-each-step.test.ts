import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askHttp } from "../support/agent/ask-http.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** One device for all of these; each case leaves it with one release more. */
let folder: TemporaryFolder;
let controller: Awaited<ReturnType<typeof miniController>>;
let agent: ChildProcess;
let data: string;
let newest = 0;
/** What the agent says just before it is killed: an event, or the step of an `install.step`. */
let killAt: string | undefined;

const patience = { withinMs: 30_000, everyMs: 25 };

beforeAll(async () => {
  folder = await temporaryFolder();
  controller = await miniController();
  data = folder.path;
  await enrolledFolder(data, controller);
  startAgent();
  publishNext();
  await controller.order();
  await became("confirmed");
});

afterAll(async () => {
  await kill();
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** A real agent process; killed without a word as soon as it says what `killAt` names. */
function startAgent(): void {
  const args = ["agent/bin/modelfleet-agent.js", "start", "--data", data, "--confirm-ms", "300"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  agent = child;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { event, step } = JSON.parse(line) as { readonly event: string; readonly step?: string };
    const said = event === "install.step" ? step : event;
    if (killAt !== undefined && said === killAt) child.kill("SIGKILL");
  });
}

async function kill(): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  agent.kill("SIGKILL");
  await once(agent, "exit");
}

async function killed(): Promise<void> {
  if (agent.signalCode === null) await once(agent, "exit");
  expect(agent.signalCode).toBe("SIGKILL");
}

function publishNext(): void {
  newest += 1;
  controller.want(controller.release(`${newest}.0.0`, {}, newest));
}

function became(step: "confirmed" | "refused"): Promise<unknown> {
  const version = `${newest}.0.0`;
  const items = () => controller.reports.flatMap((report) => report.items);
  const isToldByItem = () => items().some((item) => item.version === version && item.step === step);
  return eventually(() => isToldByItem() || (step === "confirmed" && isToldByHello()), patience);
}

/** An agent killed between the commit and its report says by its next hello what it has confirmed. */
function isToldByHello(): boolean {
  const [slot] = controller.hellos.at(-1)?.slots ?? [];
  return slot?.active?.version === `${newest}.0.0` && slot.trial === null;
}

async function versionServed(): Promise<string> {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }];
  const path = "/v2/models/digits/infer";
  const answer = await askHttp(
    { socketPath: join(data, "agent.sock") },
    { path, body: { inputs } },
  );
  expect(answer.status).toBe(200);
  return (answer.json() as { readonly model_version: string }).model_version;
}

test.each([
  ["has accepted an order", "desired.accepted"],
  ["begins a download", "download"],
  ["begins a trial", "begin-trial"],
  ["loads a release", "load"],
  ["activates it", "activate"],
  ["confirms it", "confirm"],
])("F61: an agent killed as it %s serves at once after its restart and converges unaided", async (_, moment) => {
  const before = `${newest}.0.0`;
  killAt = moment;
  publishNext();
  await controller.order();
  await killed();
  killAt = undefined;

  startAgent();
  const served = await eventually(versionServed, patience);
  await became("confirmed");

  expect([before, `${newest}.0.0`]).toContain(served);
  expect(await versionServed()).toBe(`${newest}.0.0`);
  await eventually(async () => expect(await readdir(join(data, "partial"))).toEqual([]));
  await eventually(async () => expect(await readdir(join(data, "blobs"))).toHaveLength(2));
});

test("F61: an agent killed as it starts the confirmed release serves it after the next start", async () => {
  await kill();
  killAt = "restore";
  startAgent();
  await killed();
  killAt = undefined;

  startAgent();

  expect(await eventually(versionServed, patience)).toBe(`${newest}.0.0`);
});

test("F51: a release on trial that takes the agent down in three starts is refused at the fourth, and the one before serves", async () => {
  const before = `${newest}.0.0`;
  killAt = "activate";
  publishNext();
  await controller.order();
  await killed();
  for (let start = 2; start <= 3; start += 1) {
    startAgent();
    await killed();
  }

  startAgent();
  await became("refused");

  const refused = controller.reports
    .flatMap(({ items }) => items)
    .filter(({ step }) => step === "refused");
  expect(refused).toMatchObject([{ version: `${newest}.0.0`, code: "RUNNER_CRASH" }]);
  expect(controller.reports.at(-1)?.slots).toMatchObject([
    { active: { version: before }, trial: null },
  ]);
  expect(await versionServed()).toBe(before);
});
