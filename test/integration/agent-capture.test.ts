import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CapturePolicy, openCapture } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { sayCapture } from "../../agent/src/cli/say-capture.ts";
import { askHttp } from "../support/agent/ask-http.ts";
import { recipientKey } from "../support/agent/capture-rig.ts";
import { publishClassifier } from "../support/agent/classifying-release.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Status = {
  readonly captures: { readonly consent: unknown; readonly kept: number; readonly files: number };
};

test("T30: a device keeps requests from the moment its people allow it, for whoever has the key, and deletes them when they withdraw", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const { key, recipient } = recipientKey();
  const capture: CapturePolicy = {
    ...{ id: "retrain", strategy: "low-confidence", level: 0.6, bytesPerDayMax: 100_000 },
    ...{ keepMs: 3_600_000, recipient, redact: ["face"] },
  };
  controller.want(publishClassifier(controller, { capture }));
  await using agent = await runningAgent(folder.path);
  await eventually(() => controller.reports.some(({ items }) => items[0]?.step === "confirmed"), {
    withinMs: 20_000,
  });
  const options = { data: folder.path };
  const ask = async (data: readonly number[], id: string) => {
    const inputs = [{ name: "x", datatype: "FP32", shape: [1, 3], data }];
    const place = { socketPath: agent.socketPath };
    const answer = await askHttp(place, { path: "/v2/models/digits/infer", body: { id, inputs } });
    expect(answer.status).toBe(200);
  };
  const status = async () => (await agent.status()) as Status;
  const listed = async () => (await sayCapture("list", options)).captures;

  await ask([0.5, 0.25, 0.25], "before");
  expect(await status()).toMatchObject({ captures: { consent: null, kept: 0, files: 0 } });

  const allowed = await sayCapture("allow", { ...options, policy: ["retrain"] });
  expect(allowed).toMatchObject({ consent: { policies: ["retrain"] }, captures: [] });
  await eventually(async () => (await status()).captures.consent !== null);
  await ask([0.75, 0.25, 0], "sure");
  await ask([0.5, 0.25, 0.25], "unsure");
  await eventually(async () => (await status()).captures.kept === 1);

  expect(await listed()).toEqual([{ policy: "retrain", files: 1 }]);
  const names = await filesIn(join(allowed.folder, "retrain"));
  const opened = openCapture(await readFile(join(allowed.folder, "retrain", names[0] ?? "")), key);
  expect(opened.header).toMatchObject({ id: "unsure", policy: "retrain", slot: "main" });
  expect(opened.tensors.map((one) => [...new Float32Array(Uint8Array.from(one).buffer)])).toEqual([
    [0.5, 0.25, 0.25],
    [0.5, 0.25, 0.25],
  ]);

  const withdrawn = await sayCapture("withdraw", options);
  // By the command, or by the agent that was faster.
  expect(withdrawn).toMatchObject({ consent: null, captures: [] });
  await ask([0.5, 0.25, 0.25], "after");
  await eventually(async () => (await status()).captures.consent === null);
  await ask([0.5, 0.25, 0.25], "later");
  expect(await listed()).toEqual([]);
});

test("T30: what a stopped agent left is gone when its consent was taken away meanwhile, by hand or by a file that says nothing", async () => {
  for (const text of [undefined, "", "{}", '{"policies": []}', '{"policies": ["other"]}']) {
    await using folder = await temporaryFolder();
    await using controller = await miniController();
    await enrolledFolder(folder.path, controller);
    await sayCapture("allow", { data: folder.path });
    const consent = join(folder.path, "capture", "consent.json");
    const sealed = await leftBehind(folder.path);
    if (text === undefined) await sayCapture("withdraw", { data: folder.path });
    else await writeFile(consent, text);

    await using agent = await runningAgent(folder.path);
    await eventually(async () => (await filesIn(sealed)).length === 0);
    expect(await agent.status()).toMatchObject({ captures: { files: 0, kept: 0 } });
  }
});

test("captures are deleted by policy, and what else lies there stays", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  await sayCapture("allow", { data: folder.path });
  await leftBehind(folder.path, "one");
  await leftBehind(folder.path, "two");

  const answer = await sayCapture("delete", { data: folder.path, policy: ["one"] });

  expect(answer).toMatchObject({
    ...{ consent: { policies: "any" }, removed: 1 },
    captures: [{ policy: "two", files: 1 }],
  });
  await expect(
    sayCapture("delete", { data: folder.path, policy: ["../one"] }),
  ).rejects.toMatchObject({ code: "FORMAT" });
  await expect(sayCapture("allow", { data: join(folder.path, "none") })).rejects.toMatchObject({
    code: "NOT_ENROLLED",
  });
});

/** A capture of an earlier start. @returns the folder of its policy */
async function leftBehind(data: string, policy = "retrain"): Promise<string> {
  const sealed = join(data, "capture", "sealed", policy);
  await mkdir(sealed, { recursive: true });
  await writeFile(join(sealed, `${Date.now()}-3600000-00112233aabbccdd.mfcap`), "sealed");
  return sealed;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder);
}
