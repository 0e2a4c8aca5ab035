import {
  encodedWindowBytes,
  quantileLimits,
  type TensorSpec,
  telemetryLimits,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { learningProfile } from "../../../../controller/src/domain/profile/learning/learning-profile.ts";
import { checkWindow } from "../../../../controller/src/domain/telemetry/check-window.ts";
import { measuredWindow, normalItem } from "../../../support/profile/measured-window.ts";
import { seededRandom } from "../../../support/random.ts";
import {
  dayStartMs,
  hourMs,
  profileDigest,
  releaseDigest,
} from "../../../support/telemetry/windows.ts";

const seed = 20_261_122;
const x: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 4] };
const y: TensorSpec = { name: "y", dtype: "float32", shape: [-1, 3] };

describe("a learning profile", () => {
  test("watches each of a few elements, and of many what sums them up", () => {
    const image: TensorSpec = { name: "image", dtype: "float32", shape: [-1, 28, 28] };
    const text: TensorSpec = { name: "note", dtype: "string", shape: [-1, 1] };
    const label: TensorSpec = { name: "label", dtype: "int64", shape: [-1] };
    const started = learningProfile({ inputs: [image, x, text], outputs: [y, label] });

    expect(started.profile.features.map(({ name }) => name)).toEqual([
      ...["image.mean", "image.sd", "image.min", "image.max"],
      ...["x[0]", "x[1]", "x[2]", "x[3]"],
    ]);
    expect(started.profile.outputs.map(({ name, classes }) => [name, classes])).toEqual([
      ["y", ["0", "1", "2"]],
    ]);
    expect(started.unwatched).toEqual(["note", "label"]);
  });

  test("names what it has no room for", () => {
    const wide = ["a", "b"].map((name) => ({ ...x, name, shape: [-1, 8] }));
    const started = learningProfile({ inputs: wide, outputs: [] });

    expect(started.profile.features).toHaveLength(10);
    expect(started.unwatched).toEqual(["b[2]", "b[3]", "b[4]", "b[5]", "b[6]", "b[7]"]);
  });

  test.each([
    ["everything told", { isStrict: false, noise: null }],
    ["strict privacy", { isStrict: true, noise: null }],
  ])("makes windows that the controller believes, with %s", (_, privacy) => {
    const reference = learningProfile({ inputs: [x], outputs: [y] }).profile;
    const profile = { reference, digest: profileDigest };
    const random = seededRandom(seed);
    const items = Array.from({ length: 300 }, () => normalItem(random, 1e30));
    const of = { release: releaseDigest, profile, items, random, privacy };
    const window = measuredWindow({ ...of, startMs: dayStartMs, windowMs: hourMs });

    expect(checkWindow(window, { profile, receivedAtMs: dayStartMs + hourMs })).toEqual({
      kind: "ok",
    });
    expect(window.features[0]?.counts).toEqual([0, 300, 0]);
  });

  test("of as many numbers as it may have makes windows that fit a message, with the longest sketches", () => {
    const wide = ["a", "b"].map((name) => ({ ...x, name, shape: [-1, 5] }));
    const classes = { ...y, shape: [-1, 64] };
    const reference = learningProfile({ inputs: wide, outputs: [classes] }).profile;
    const random = seededRandom(seed);
    const window = measuredWindow({
      ...{ release: releaseDigest, profile: { reference, digest: profileDigest }, random },
      ...{ startMs: dayStartMs, windowMs: hourMs, items: [normalItem(random)] },
    });
    const quantiles = new Uint8Array(quantileLimits.packedBytesMax);
    const most = telemetryLimits.itemsPerWindowMax;
    const full = {
      ...{ ...window, items: most },
      features: window.features.map((sketch) => ({ ...sketch, counts: [0, most, 0], quantiles })),
      outputs: window.outputs.map((output) => ({
        classCounts: output.classCounts.map(() => most / 64),
        confidenceCounts: output.confidenceCounts.map(() => most / 50),
      })),
    };

    expect(reference.features).toHaveLength(10);
    expect(encodedWindowBytes(full)).toBeLessThanOrEqual(telemetryLimits.windowsBytesPerBatchMax);
  });
});
