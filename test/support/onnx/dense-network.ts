import { type Random, seededRandom } from "../random.ts";
import { type DenseLayer, encodeDenseLayers } from "./dense-layers.ts";

export type DenseNetwork = {
  /** Widths from input to output, at least two. */
  readonly layers: readonly number[];
  /** Seed of the weights. */
  readonly seed: number;
  /** Apply the second layer, which must be square, this many times: a slow model in a small file. */
  readonly repeats?: number;
};

/**
 * An untrained network as an ONNX file, for benches and tests of the machinery round a model:
 * `x` float32 [N, layers[0]] to `y` float32 [N, layers.at(-1)], probabilities. Same argument, same bytes.
 *
 * @throws RangeError when fewer than two widths are given, one is not a whole number of 1 or more, or what is to be
 *   repeated is not a square layer
 */
export function denseNetwork({ layers, seed, repeats = 1 }: DenseNetwork): Uint8Array {
  if (layers.length < 2 || !layers.every((width) => Number.isInteger(width) && width >= 1)) {
    throw new RangeError(`expected two or more whole widths of at least 1, got [${layers.join()}]`);
  }
  if (!Number.isInteger(repeats) || repeats < 1 || (repeats > 1 && layers[1] !== layers[2])) {
    throw new RangeError(
      `expected a square second layer to repeat, got [${layers.join()}] × ${repeats}`,
    );
  }
  const distinct = randomLayers(layers, seededRandom(seed));
  const applied = distinct.flatMap((layer, i) =>
    i === 1 ? Array.from({ length: repeats }, () => layer) : [layer],
  );
  return encodeDenseLayers(`dense-${layers.join("-")}`, applied);
}

/** Weights and biases uniform in ±√(6 / inputs), which keeps ReLU activations alive (He et al. 2015). */
export function randomLayers(widths: readonly number[], random: Random): DenseLayer[] {
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i] ?? 0;
    const bound = Math.sqrt(6 / inputs);
    const uniform = () => (2 * random.next() - 1) * bound;
    const weights = new Float32Array(inputs * outputs);
    // A loop, for there are millions.
    for (let k = 0; k < weights.length; k++) weights[k] = uniform();
    const bias = Float32Array.from({ length: outputs }, () => uniform() / 10);
    return { inputs, outputs, weights, bias };
  });
}
