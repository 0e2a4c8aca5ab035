import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, InferResponse, Release } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { askDevice } from "../support/fleet/ask-device.ts";
import { startPair } from "../support/fleet/small-fleet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { bareTfjsAnswer } from "../support/tfjs/bare-tfjs.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import type { TfjsModel } from "../support/tfjs/tfjs-model.ts";

const values = [0.25, -1, 3, 0.5];

test("S23: a model of TensorFlow.js goes from its publisher's folder to an application on the device, which gets what the library itself answers", async () => {
  await using folder = await temporaryFolder();
  const { controller, agent } = await startPair(folder.path);
  try {
    const model = await denseLayersModel({ inputs: 4, hidden: 16, outputs: 3, seed: 23 });
    const release = await writeFolder(join(folder.path, "release"), model);
    await controller.command(Release, "release", "publish", release);

    await controller.command(Deployment, "deploy", "web@1.0.0", "--all", "--wait");

    const { body } = await askDevice(agent.socketPath, "/v2/models/web/infer", {
      inputs: [{ name: "pixels_input", datatype: "FP32", shape: [1, 4], data: values }],
    });
    const answer = InferResponse.parse(body);
    const want = await bareTfjsAnswer("wasm", model, { values, shape: [1, 4] });
    expect(answer.model_version).toBe("1.0.0");
    expect(answer.outputs[0]).toMatchObject({ name: "classes", datatype: "FP32", shape: [1, 3] });
    expect(
      Buffer.from(Float32Array.from((answer.outputs[0]?.data ?? []) as number[]).buffer),
    ).toEqual(want);
    expect(await runtimesOf(agent.socketPath)).toMatchObject([
      { slot: "main", id: "tfjs-wasm", version: "4.22.0" },
    ]);
  } finally {
    await agent.program.stop();
    await controller.program.stop();
  }
});

async function writeFolder(folder: string, { files, io }: TfjsModel): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  const manifest = {
    ...{
      model: "web",
      version: "1.0.0",
      securityVersion: 1,
      format: "tfjs",
      entry: "model.json",
      io,
    },
    compat: { classes: ["*"], runtime: "tfjs>=4.0", minMemoryMiB: 64 },
    limits: { memoryMiB: 256, loadMs: 60_000, inferMs: 5_000 },
  };
  await writeFile(join(folder, "release.json"), JSON.stringify(manifest));
  return folder;
}

async function runtimesOf(socketPath: string): Promise<unknown> {
  const { body } = await askDevice(socketPath, "/v2/modelfleet/status");
  return (body as { readonly runtimes?: unknown }).runtimes;
}
