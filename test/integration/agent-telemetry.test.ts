import { readFile } from "node:fs/promises";
import { modelDigest, ReleaseDocument } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { askHttp } from "../support/agent/ask-http.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const digits = new URL("../../examples/digits/", import.meta.url);
const fileOf = (name: string) => readFile(new URL(`releases/2.0.0/${name}`, digits));

/** The example release as the controller would publish it, without its golden cases. */
async function publishDigits(controller: Awaited<ReturnType<typeof miniController>>) {
  const files = ReleaseDocument.shape.files.parse([
    { path: "model.onnx", ...controller.hold(await fileOf("model.onnx")) },
    { path: "profile.json", ...controller.hold(await fileOf("profile.json")) },
  ]);
  return controller.release("2.0.0", {
    ...{ files, digest: modelDigest(files), drift: { baseline: "profile.json" } },
    io: {
      inputs: [{ name: "x", dtype: "float32", shape: [-1, 784] }],
      outputs: [
        { name: "digit", dtype: "int64", shape: [-1] },
        { name: "y", dtype: "float32", shape: [-1, 10] },
      ],
    },
  });
}

test("an application that asks for the digit alone is answered that, and the chances are measured all the same", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  controller.want(await publishDigits(controller));
  await using agent = await runningAgent(folder.path);
  await eventually(() => controller.reports.some(({ items }) => items[0]?.step === "confirmed"), {
    withinMs: 20_000,
  });

  const { socketPath } = agent;
  const body: unknown = JSON.parse(await readFile(new URL("seven.json", digits), "utf8"));
  const answer = await askHttp({ socketPath }, { path: "/v2/models/digits/infer", body: body });

  expect(answer.json()).toMatchObject({ outputs: [{ name: "digit", data: [7] }] });
  const windows = () => controller.telemetry.flatMap((batch) => batch.windows);
  await eventually(() => windows().length > 0);
  expect(windows()).toMatchObject([
    { requests: 1, items: 1, outputs: [{ classCounts: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0] }] },
  ]);
});
