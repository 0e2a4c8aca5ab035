import { expect, test } from "vitest";
import type { Digit } from "../../../examples/digits/dataset.ts";
import { movedDigit } from "../../../examples/digits/moved-digit.ts";
import { type Classifier, trainEpoch } from "../../../examples/digits/sgd.ts";
import { randomLayers } from "../../support/onnx/dense-network.ts";
import { seededRandom } from "../../support/random.ts";

const digit: Digit = { pixels: Float32Array.of(0.5, 0, 1, 0.25), label: 1 };

function network(): Classifier {
  const [hidden, output] = randomLayers([4, 6, 3], seededRandom(11));
  if (hidden === undefined || output === undefined) throw new TypeError("expected two layers");
  return { hidden, output };
}

/** The loss before a step so small that nothing moves. */
function loss(subject: Classifier): number {
  return trainEpoch(subject, [digit], { learningRate: 0, random: seededRandom(1) });
}

const parts = [
  ["hidden weights", (subject: Classifier) => subject.hidden.weights],
  ["hidden bias", (subject: Classifier) => subject.hidden.bias],
  ["output weights", (subject: Classifier) => subject.output.weights],
  ["output bias", (subject: Classifier) => subject.output.bias],
] as const;

test.each(parts)("a step moves the %s against the measured slope of the loss", (_, part) => {
  const stepped = network();
  trainEpoch(stepped, [digit], { learningRate: 1, random: seededRandom(1) });

  const nudge = 1e-3;
  part(network()).forEach((value, i) => {
    const [more, less] = [network(), network()];
    part(more)[i] = value + nudge;
    part(less)[i] = value - nudge;
    const slope = (loss(more) - loss(less)) / (2 * nudge);
    const moved = (part(stepped)[i] ?? Number.NaN) - value;
    expect(moved).toBeCloseTo(-slope, 3);
  });
});

test("training lowers the loss", () => {
  const subject = network();
  const before = loss(subject);

  for (let i = 0; i < 20; i++) {
    trainEpoch(subject, [digit], { learningRate: 0.1, random: seededRandom(1) });
  }

  expect(loss(subject)).toBeLessThan(before / 2);
});

test("a moved digit is the same ink within one pixel of its place", () => {
  const pixels = new Float32Array(784);
  pixels[10 * 28 + 10] = 1;
  const random = seededRandom(2);

  const places = Array.from({ length: 200 }, () =>
    movedDigit({ pixels, label: 4 }, random).pixels.indexOf(1),
  );

  const expected = [9, 10, 11].flatMap((row) => [9, 10, 11].map((column) => row * 28 + column));
  expect([...new Set(places)].sort((left, right) => left - right)).toEqual(expected);
});

test("ink moved over the edge is lost and does not come in on the other side", () => {
  const pixels = new Float32Array(784).fill(1);
  const random = seededRandom(3);

  for (let i = 0; i < 50; i++) {
    const ink = movedDigit({ pixels, label: 4 }, random).pixels.reduce((sum, p) => sum + p, 0);
    expect([784, 756, 729]).toContain(ink);
  }
});
