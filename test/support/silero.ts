import { createRequire } from "node:module";
import { loadOnnxruntime } from "./onnx/load-onnxruntime.ts";
import {
  FRAME_SAMPLES,
  SAMPLE_RATE_HZ,
  type Sound,
  sileroFrames,
  sixDecimals,
} from "./silero-sound.ts";

/**
 * The Silero voice models of the npm package `@ricky0123/vad-web`: real, stateful, and somebody else's.
 *
 * `v5` and `v6` share one contract: the answer says how likely the frame holds speech, and `stateN` must come back as
 * `state` with the next frame of the same stream. Their files leave the batch dimension without a name, and declare
 * `sr` as a scalar; a tensor of shape [1] is taken as well. `legacy` is the same job under another contract (`h` and
 * `c` instead of `state`), so it must be refused as a successor.
 */
const files = {
  v5: "silero_vad_v5.onnx",
  v6: "silero_vad_v6.onnx",
  legacy: "silero_vad_legacy.onnx",
} as const;
export type SileroVersion = keyof typeof files;

/** Path of a model file; 2.33 MB each for `v5` and `v6`, 1.81 MB for `legacy`. */
export function sileroPath(version: SileroVersion): string {
  return createRequire(import.meta.url).resolve(`@ricky0123/vad-web/dist/${files[version]}`);
}

const current = {
  inputs: [
    { name: "input", dtype: "float32", shape: [-1, -1] },
    { name: "state", dtype: "float32", shape: [2, -1, 128] },
    { name: "sr", dtype: "int64", shape: [] },
  ],
  outputs: [
    { name: "output", dtype: "float32", shape: [-1, 1] },
    { name: "stateN", dtype: "float32", shape: [-1, -1, -1] },
  ],
} as const;

/** Inputs and outputs as the files declare them; −1 is a free dimension. */
export const sileroContracts = {
  v5: current,
  v6: current,
  legacy: {
    inputs: [
      { name: "input", dtype: "float32", shape: [-1, -1] },
      { name: "sr", dtype: "int64", shape: [] },
      { name: "h", dtype: "float32", shape: [2, -1, 64] },
      { name: "c", dtype: "float32", shape: [2, -1, 64] },
    ],
    outputs: [
      { name: "output", dtype: "float32", shape: [-1, 1] },
      { name: "hn", dtype: "float32", shape: [2, -1, 64] },
      { name: "cn", dtype: "float32", shape: [2, -1, 64] },
    ],
  },
} as const;

/** Elements of `state`, [2, 1, 128]. */
const STATE_ELEMENTS = 256;

/** What a model says to one frame, and what it wants back with the next. */
export type SileroAnswer = { readonly speech: number; readonly state: Float32Array };

export type OpenSilero = {
  /** What the bare library answers to one frame and the state the frame before left; the state has six decimals. */
  readonly step: (frame: Float32Array, state: Float32Array) => Promise<SileroAnswer>;
  readonly close: () => Promise<void>;
};

/** A model file in the bare library, without anything of ours in between. */
export async function openSilero(version: SileroVersion): Promise<OpenSilero> {
  return openModel(sileroPath(version));
}

async function openModel(model: string): Promise<OpenSilero> {
  const { InferenceSession, Tensor } = await loadOnnxruntime();
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const rate = new Tensor("int64", BigInt64Array.of(BigInt(SAMPLE_RATE_HZ)), []);
  return {
    step: async (frame, state) => {
      const { output, stateN } = await session.run({
        input: new Tensor("float32", frame, [1, FRAME_SAMPLES]),
        state: new Tensor("float32", state, [2, 1, 128]),
        sr: rate,
      });
      const next = floats(stateN?.data).map(sixDecimals);
      return { speech: floats(output?.data)[0] ?? Number.NaN, state: next };
    },
    close: () => session.release(),
  };
}

/** Answers of the bare library, from the model file at this path, to a stream of frames, each with the state the one before left. */
export async function sileroStream(
  model: string,
  frames: readonly Float32Array[],
): Promise<SileroAnswer[]> {
  const open = await openModel(model);
  const answers: SileroAnswer[] = [];
  let state: Float32Array = new Float32Array(STATE_ELEMENTS);
  for (const frame of frames) {
    const answer = await open.step(frame, state);
    state = answer.state;
    answers.push(answer);
  }
  await open.close();
  return answers;
}

function floats(data: unknown): Float32Array<ArrayBuffer> {
  if (!(data instanceof Float32Array)) throw new TypeError("expected a float32 output");
  return new Float32Array(data);
}

/**
 * `golden.json` of a `v5` or `v6` file: frames of voice and of noise, each with the state of its stream, and what the
 * bare library answers. Each case stands alone, so it does not matter in which order they are run.
 */
export async function sileroGolden(model: string): Promise<object> {
  const voice = await goldenCases(model, { kind: "voice", frames: 24, seed: 1 });
  const noise = await goldenCases(model, { kind: "noise", frames: 24, seed: 2 });
  return { spec: 1, finite: true, cases: [...voice, ...noise] };
}

/** Frames of a stream that become cases: the first, one in the first syllable, and two after the state has settled. */
const GOLDEN_FRAMES = [0, 3, 12, 20];

async function goldenCases(model: string, sound: Sound): Promise<object[]> {
  const frames = sileroFrames(sound);
  const answers = await sileroStream(model, frames);
  return GOLDEN_FRAMES.map((i) => ({
    name: `${sound.kind}, frame ${i}`,
    inputs: sileroInputs(frames[i], answers[i - 1]?.state),
    outputs: [
      { name: "output", datatype: "FP32", shape: [1, 1], data: [answers[i]?.speech] },
      tensor("stateN", [2, 1, 128], answers[i]?.state),
    ],
    compare: { kind: "allclose", atol: 0.0001, rtol: 0.001 },
  }));
}

/** The inputs of one frame as the Open Inference Protocol v2 has them; a stream begins with a state of zeros. */
export function sileroInputs(
  frame: Float32Array | undefined,
  state: Float32Array = new Float32Array(STATE_ELEMENTS),
): object[] {
  return [
    tensor("input", [1, FRAME_SAMPLES], frame),
    tensor("state", [2, 1, 128], state),
    { name: "sr", datatype: "INT64", shape: [], data: [SAMPLE_RATE_HZ] },
  ];
}

function tensor(name: string, shape: readonly number[], values: Iterable<number> = []): object {
  return { name, datatype: "FP32", shape, data: Array.from(values, sixDecimals) };
}
