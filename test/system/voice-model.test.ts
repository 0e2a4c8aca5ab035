import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, InferResponse, Release } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { askDevice } from "../support/fleet/ask-device.ts";
import { writeReleaseFolder } from "../support/fleet/release-folder.ts";
import { startPair } from "../support/fleet/small-fleet.ts";
import {
  openSilero,
  type SileroVersion,
  sileroGolden,
  sileroInputs,
  sileroPath,
} from "../support/silero.ts";
import { sileroFrames, sixDecimals } from "../support/silero-sound.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FRAMES = 200;
const SWAP_AT_FRAME = 60;
const releases = { "5.0.0": "v5", "6.0.0": "v6" } as const;

test("a stateful voice model is replaced in mid-utterance: every frame is answered, by the version it names, from the state carried over", async () => {
  await using folder = await temporaryFolder();
  const { controller, agent } = await startPair(folder.path);
  try {
    for (const [version, file] of Object.entries(releases)) {
      await controller.command(
        Release,
        "release",
        "publish",
        await voiceRelease(folder.path, version, file),
      );
    }
    await controller.command(Deployment, "deploy", "voice@5.0.0", "--all", "--wait");

    const [v5, v6] = [await openSilero("v5"), await openSilero("v6")];
    let state: Float32Array = new Float32Array(256);
    let swapping: Promise<Deployment> | undefined;
    const heard: { readonly version: string; readonly speech: number; readonly offline: number }[] =
      [];
    for (const frame of sileroFrames({ kind: "voice", frames: FRAMES, seed: 5 })) {
      if (heard.length === SWAP_AT_FRAME) {
        swapping = controller.command(Deployment, "deploy", "voice@6.0.0", "--all", "--wait");
      }
      const answer = await listen(agent.socketPath, frame, state);
      const model = answer.version === "5.0.0" ? v5 : v6;
      const offline = await model.step(frame, state);
      heard.push({ version: answer.version, speech: answer.speech, offline: offline.speech });
      state = answer.state.map(sixDecimals);
      if (heard.length === FRAMES - 20) await swapping;
    }

    expect(heard.map((frame) => frame.speech)).toEqual(heard.map((frame) => frame.offline));
    expect(new Set(heard.map((frame) => frame.version))).toEqual(new Set(["5.0.0", "6.0.0"]));
    const order = heard.map((frame) => frame.version);
    expect(order).toEqual(order.toSorted());
    expect(Math.max(...heard.map((frame) => frame.speech))).toBeGreaterThan(0.5);
  } finally {
    await agent.program.stop();
    await controller.program.stop();
  }
});

async function voiceRelease(folder: string, version: string, file: SileroVersion): Promise<string> {
  return writeReleaseFolder({
    folder: join(folder, `voice-${version}`),
    model: "voice",
    version,
    bytes: await readFile(sileroPath(file)),
    golden: await sileroGolden(sileroPath(file)),
  });
}

type Heard = { readonly version: string; readonly speech: number; readonly state: Float32Array };

async function listen(
  socketPath: string,
  frame: Float32Array,
  state: Float32Array,
): Promise<Heard> {
  const { status, body } = await askDevice(socketPath, "/v2/models/voice/infer", {
    inputs: sileroInputs(frame, state),
  });
  expect({ status, body }).toMatchObject({ status: 200 });
  const response = InferResponse.parse(body);
  const data = (name: string) =>
    (response.outputs.find((output) => output.name === name)?.data ?? []).map(Number);
  return {
    version: response.model_version,
    speech: data("output")[0] ?? Number.NaN,
    state: Float32Array.from(data("stateN")),
  };
}
