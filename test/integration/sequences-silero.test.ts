import { readFile } from "node:fs/promises";
import { SlotName } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, realClock, runnerFixture } from "../support/agent/runner-fixture.ts";
import { stageModel } from "../support/agent/staged-model.ts";
import {
  openSilero,
  sileroContracts,
  sileroGolden,
  sileroPath,
  sileroStream,
} from "../support/silero.ts";
import {
  FRAME_SAMPLES,
  SAMPLE_RATE_HZ,
  type Sound,
  sileroFrames,
} from "../support/silero-sound.ts";

/**
 * Speech is either there or not at this probability. A voice activity detector decides so, with a hysteresis that only
 * hides differences; here none are hidden.
 */
const SPEECH = 0.5;
const FRAMES = 60;
const SWAP_AT = 30;
/** Of `state`, [2, 1, 128]. */
const STATE_ELEMENTS = 256;
const sounds: readonly Sound[] = [
  { kind: "voice", frames: FRAMES, seed: 1 },
  { kind: "noise", frames: FRAMES, seed: 2 },
];
const slot = SlotName.parse("main");
const rate: Tensor = {
  name: "sr",
  dtype: "int64",
  shape: [],
  bytes: new Uint8Array(BigInt64Array.of(BigInt(SAMPLE_RATE_HZ)).buffer),
};

let runners: RunnerFixture;
let golden: Record<"v5" | "v6", object>;
const loaded = new Map<string, LoadedModel>();
beforeAll(async () => {
  runners = await runnerFixture();
  const [v5, v6] = await Promise.all([
    sileroGolden(sileroPath("v5")),
    sileroGolden(sileroPath("v6")),
  ]);
  golden = { v5, v6 };
});
afterAll(async () => {
  await Promise.all([...loaded.values()].map((model) => model.stop()));
  await runners[Symbol.asyncDispose]();
});

/** Loaded once for all cases that leave it alive. */
async function load(version: "v5" | "v6", carry: boolean): Promise<LoadedModel> {
  const name = `${version}${carry}`;
  const model = loaded.get(name) ?? (await loadAnew(version, carry));
  loaded.set(name, model);
  return model;
}

async function loadAnew(version: "v5" | "v6", carry: boolean): Promise<LoadedModel> {
  const staged = await stageModel(runners.folder.path, {
    onnx: await readFile(sileroPath(version)),
    io: sileroContracts[version],
    golden: golden[version],
    model: "vad",
    version: `${version.slice(1)}.0.${carry ? 1 : 0}`,
    policies: {
      sequence: { states: [{ output: "stateN", input: "state" }], carry, idleMs: 60_000 },
    },
  });
  return await runners.host.load(staged, new AbortController().signal, "trial");
}

type Heard = { readonly speech: number; readonly version: string; readonly isReset: boolean };

/** One stream through the agent, whose applications keep no state; `atSwap` happens in mid-utterance. */
async function hear(
  router: Router<LoadedModel>,
  sound: Sound,
  atSwap: () => Promise<unknown>,
): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  const id = `${sound.kind}-${sound.seed}`;
  for (const [i, frame] of sileroFrames(sound).entries()) {
    if (i === SWAP_AT) await atSwap();
    const sequence = { id, isStart: i === 0, isEnd: i === FRAMES - 1 };
    const inputs = [floatTensor("input", [1, FRAME_SAMPLES], frame), rate];
    const {
      outputs,
      model,
      isSequenceReset = false,
    } = await router.infer({
      ...{ slot, inputs, sequence, outputs: ["output"], timeoutMs: 10_000 },
    });
    const [speech = Number.NaN] = outputs[0] === undefined ? [] : floatsOf(outputs[0]);
    const { version } = model.staged.document;
    heard.push({ speech, version, isReset: isSequenceReset });
  }
  return heard;
}

/** Frames after the swap on which the decision is another than that of v5 on the whole stream. */
async function changedDecisions(sound: Sound, heard: readonly Heard[]): Promise<number> {
  const alone = await sileroStream(sileroPath("v5"), sileroFrames(sound));
  const isSpeech = (speech: number | undefined) => (speech ?? Number.NaN) >= SPEECH;
  return heard.filter(({ speech }, i) => isSpeech(speech) !== isSpeech(alone[i]?.speech)).length;
}

/** What the bare library says when the state that v5 left at the swap is given to v6. */
async function handedOver(sound: Sound): Promise<readonly number[]> {
  const [v5, v6] = await Promise.all([openSilero("v5"), openSilero("v6")]);
  const heard: number[] = [];
  let state: Float32Array = new Float32Array(STATE_ELEMENTS);
  for (const [i, frame] of sileroFrames(sound).entries()) {
    const answer = await (i < SWAP_AT ? v5 : v6).step(frame, state);
    state = answer.state;
    heard.push(answer.speech);
  }
  await Promise.all([v5.close(), v6.close()]);
  return heard;
}

const versionsOf = (heard: readonly Heard[]) => new Set(heard.map(({ version }) => version));

describe("S19: a swap from Silero v5 to v6 in mid-utterance", () => {
  test.each(
    sounds,
  )("leaves a sequence of $kind (seed $seed) where it is: no decision changes", async (sound) => {
    const router = new Router<LoadedModel>({ clock: realClock });
    const [v5, v6] = [await load("v5", false), await load("v6", false)];
    await router.activate(slot, v5);
    let swap: Promise<unknown> = Promise.resolve();

    const heard = await hear(router, sound, () => {
      swap = router.activate(slot, v6);
      return Promise.resolve();
    });
    await swap;

    expect(versionsOf(heard)).toEqual(new Set(["5.0.0"]));
    expect(heard.some(({ isReset }) => isReset)).toBe(false);
    expect(await changedDecisions(sound, heard)).toBe(0);
    const next = await hear(router, sound, () => Promise.resolve());
    expect(versionsOf(next)).toEqual(new Set(["6.0.0"]));
  });

  /*
   * How many decisions that changes is for the two models to say, not for the agent: on the spoken words of Debian's
   * alsa-utils 1.2.8, cut at every fourth frame, a carried state changed 0 to 6 decisions of about 45 (2.0 on average),
   * a new beginning 0 to 10 (2.3); the two models disagree on 1 to 4 without any swap. So what is held here is that the
   * answers are those of the bare library with the same state handed over.
   */
  test.each(
    sounds,
  )("hands the state of $kind (seed $seed) over where v6 takes it", async (sound) => {
    const router = new Router<LoadedModel>({ clock: realClock });
    const [v5, v6] = [await load("v5", true), await load("v6", true)];
    await router.activate(slot, v5);

    const heard = await hear(router, sound, () => router.activate(slot, v6));

    expect(versionsOf(heard.slice(0, SWAP_AT))).toEqual(new Set(["5.0.1"]));
    expect(versionsOf(heard.slice(SWAP_AT))).toEqual(new Set(["6.0.1"]));
    expect(heard.some(({ isReset }) => isReset)).toBe(false);
    for (const [i, speech] of (await handedOver(sound)).entries()) {
      expect(heard[i]?.speech, `frame ${i}`).toBeCloseTo(speech, 4);
    }
  });

  test("begins anew where neither is possible, and the first answer of v6 says so", async () => {
    const router = new Router<LoadedModel>({ clock: realClock, drainMsMax: 1 });
    const [v5, v6] = [await loadAnew("v5", false), await load("v6", false)];
    await router.activate(slot, v5);
    const [sound] = sounds;
    if (sound === undefined) throw new TypeError("expected a sound");

    const heard = await hear(router, sound, async () => {
      const old = await router.activate(slot, v6);
      await old?.stop();
    });

    const resets = heard.flatMap(({ isReset }, i) => (isReset ? [i] : []));
    expect(resets).toEqual([SWAP_AT]);
    // What v6 says to the rest of the stream as a stream of its own.
    const alone = await sileroStream(sileroPath("v6"), sileroFrames(sound).slice(SWAP_AT));
    for (const [i, { speech }] of alone.entries()) {
      expect(heard[SWAP_AT + i]?.speech).toBeCloseTo(speech, 3);
    }
  });

  test("a runner that is killed in mid-utterance costs nothing once its release is back", async () => {
    const router = new Router<LoadedModel>({ clock: realClock });
    const [first, again] = [await loadAnew("v5", false), await load("v5", false)];
    await router.activate(slot, first);
    const [sound] = sounds;
    if (sound === undefined) throw new TypeError("expected a sound");

    const heard = await hear(router, sound, async () => {
      await first.stop();
      void router.activate(slot, again);
    });

    expect(heard.some(({ isReset }) => isReset)).toBe(false);
    expect(await changedDecisions(sound, heard)).toBe(0);
  });
});
