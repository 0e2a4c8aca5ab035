import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { askHttp } from "../support/agent/ask-http.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) await kill(child);
});

/** A real agent process; killed without a word as soon as it says that it takes this step. */
function startAgent(data: string, killAtStep?: string): ChildProcess {
  const args = ["agent/bin/modelfleet-agent.js", "start", "--data", data, "--confirm-ms", "300"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = JSON.parse(line) as { readonly event: string; readonly step?: string };
    if (event.event === "install.step" && event.step === killAtStep) child.kill("SIGKILL");
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

const patience = { withinMs: 30_000, everyMs: 50 };
const infer = (data: string) =>
  askHttp(
    { socketPath: join(data, "agent.sock") },
    {
      path: "/v2/models/digits/infer",
      body: { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }] },
    },
  );
const version = async (data: string) => {
  const answer = await infer(data);
  expect(answer.status).toBe(200);
  const { model_version } = answer.json() as { readonly model_version: string };
  return model_version;
};

test.each([
  "download",
  "begin-trial",
  "load",
  "activate",
  "confirm",
])("an agent killed as it begins to %s serves at once after its restart and converges unaided", async (step) => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  const data = folder.path;
  await enrolledFolder(data, controller);
  controller.want(controller.release("1.0.0"));
  const first = startAgent(data);
  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );
  await kill(first);
  const second = controller.release("2.0.0", {}, 2);
  controller.want(second);
  const killed = startAgent(data, step);
  await once(killed, "exit");

  startAgent(data);
  const served = await eventually(() => version(data), patience);
  await eventually(
    () =>
      controller.reports.some(
        ({ items }) => items[0]?.version === "2.0.0" && items[0].step === "confirmed",
      ),
    patience,
  );

  expect(killed.signalCode).toBe("SIGKILL");
  expect(["1.0.0", "2.0.0"]).toContain(served);
  expect(await version(data)).toBe("2.0.0");
  await eventually(async () => expect(await readdir(join(data, "partial"))).toEqual([]));
  expect(await readdir(join(data, "blobs"))).toHaveLength(2);
});

test("an agent killed in each of the three starts of a release refuses it at the fourth and serves the old one", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  const data = folder.path;
  await enrolledFolder(data, controller);
  controller.want(controller.release("1.0.0"));
  const first = startAgent(data);
  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );
  await kill(first);
  controller.want(controller.release("2.0.0", {}, 2));

  for (let start = 1; start <= 3; start += 1) {
    const killed = startAgent(data, "activate");
    await once(killed, "exit");
    expect(killed.signalCode).toBe("SIGKILL");
  }
  startAgent(data, "activate");
  await eventually(
    () =>
      controller.reports.some(
        ({ items }) => items[0]?.version === "2.0.0" && items[0].step === "refused",
      ),
    patience,
  );

  const refused = controller.reports.flatMap(({ items }) =>
    items.filter(({ step }) => step === "refused"),
  );
  expect(refused).toMatchObject([{ version: "2.0.0", code: "RUNNER_CRASH" }]);
  expect(controller.reports.at(-1)?.slots).toMatchObject([
    { active: { version: "1.0.0" }, trial: null },
  ]);
  expect(await version(data)).toBe("1.0.0");
});
