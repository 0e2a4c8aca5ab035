import { elementTypes, GoldenFile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { sileroContracts, sileroGolden, sileroPath, sileroStream } from "../support/silero.ts";
import { sileroFrames } from "../support/silero-sound.ts";

const versions = ["v5", "v6"] as const;

test.each(["v5", "v6", "legacy"] as const)("%s has the contract we state", async (version) => {
  const { InferenceSession } = await loadOnnxruntime();
  const session = await InferenceSession.create(sileroPath(version));

  const found = [session.inputMetadata, session.outputMetadata].map((values) =>
    values.map((value) => {
      if (!value.isTensor) throw new TypeError(`expected a tensor, got ${value.name}`);
      const shape = value.shape.map((size) => (typeof size === "number" ? size : -1));
      return { name: value.name, dtype: value.type, shape };
    }),
  );
  await session.release();

  const { inputs, outputs } = sileroContracts[version];
  expect(found).toEqual([inputs, outputs]);
});

describe.each(versions)("%s", (version) => {
  test("hears speech in the made-up voice and none in noise", async () => {
    const loudest = async (kind: "voice" | "noise") => {
      const frames = sileroFrames({ kind, frames: 24, seed: 1 });
      const answers = await sileroStream(sileroPath(version), frames);
      return Math.max(...answers.map(({ speech }) => speech));
    };

    expect(await loudest("voice")).toBeGreaterThan(0.7);
    expect(await loudest("noise")).toBeLessThan(0.1);
  });

  test("gives golden cases of the protocol's form, the same each time", async () => {
    const golden = GoldenFile.parse(await sileroGolden(sileroPath(version)));

    expect(golden).toEqual(await sileroGolden(sileroPath(version)));
    expect(golden.cases).toHaveLength(8);
    for (const { inputs } of golden.cases) {
      const types = Object.fromEntries(inputs.map(({ name, datatype }) => [name, datatype]));
      expect(types).toEqual({
        input: elementTypes.float32.oip,
        state: elementTypes.float32.oip,
        sr: elementTypes.int64.oip,
      });
      for (const { shape, data } of inputs) {
        expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
      }
    }
  });
});

test("v5 and v6 answer the same cases differently", async () => {
  const [older, newer] = await Promise.all(versions.map((v) => sileroGolden(sileroPath(v))));

  expect(newer).not.toEqual(older);
});

test("the made-up sounds are the same each time, whole frames, and overlap by their context", () => {
  const frames = sileroFrames({ kind: "voice", frames: 3, seed: 9 });

  expect(sileroFrames({ kind: "voice", frames: 3, seed: 9 })).toEqual(frames);
  expect(frames.map(({ length }) => length)).toEqual([576, 576, 576]);
  expect(frames[1]?.slice(0, 64)).toEqual(frames[0]?.slice(512));
});
