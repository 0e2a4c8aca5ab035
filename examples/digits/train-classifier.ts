import type { DenseLayer } from "../../test/support/onnx/dense-layers.ts";
import { randomLayers } from "../../test/support/onnx/dense-network.ts";
import { seededRandom } from "../../test/support/random.ts";
import { CLASSES, type Digit, PIXELS } from "./dataset.ts";
import { movedDigit } from "./moved-digit.ts";
import type { Recipe } from "./recipes.ts";
import { type Classifier, trainEpoch } from "./sgd.ts";

export type TrainingRun = {
  readonly recipe: Recipe;
  readonly training: readonly Digit[];
  readonly seed: number;
  /** The network the recipe starts from; it is copied, not changed. */
  readonly startFrom?: Classifier;
  /** Called after each pass with the mean loss in nats. */
  readonly onEpoch: (epoch: number, loss: number) => void;
};

/** Trains the network of one recipe. Same arguments, same weights. */
export function trainClassifier(run: TrainingRun): Classifier {
  const { recipe, training, seed, startFrom, onEpoch } = run;
  const random = seededRandom(seed);
  const digits = recipe.choose(training);
  const network = startFrom === undefined ? fresh(recipe.hiddenUnits, seed) : copied(startFrom);
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    const learningRate = recipe.learningRate * (1 - (0.9 * epoch) / recipe.epochs);
    const shown = recipe.moving ? digits.map((digit) => movedDigit(digit, random)) : digits;
    onEpoch(epoch + 1, trainEpoch(network, shown, { learningRate, random }));
  }
  return network;
}

function fresh(hiddenUnits: number, seed: number): Classifier {
  const [hidden, output] = randomLayers([PIXELS, hiddenUnits, CLASSES], seededRandom(seed));
  if (hidden === undefined || output === undefined) throw new TypeError("expected two layers");
  return { hidden, output };
}

function copied({ hidden, output }: Classifier): Classifier {
  const copy = (layer: DenseLayer): DenseLayer => ({
    ...layer,
    weights: layer.weights.slice(),
    bias: layer.bias.slice(),
  });
  return { hidden: copy(hidden), output: copy(output) };
}

/** 64 KiB of float32. */
const DAMAGED_WEIGHTS = 16_384;

/**
 * The network as a storage fault leaves it: the second 64 KiB of the hidden weights were never written and
 * hold the first 64 KiB again. Every number is still finite and the file still loads.
 */
export function damagedClassifier(network: Classifier): Classifier {
  const damaged = copied(network);
  damaged.hidden.weights.copyWithin(DAMAGED_WEIGHTS, 0, DAMAGED_WEIGHTS);
  return damaged;
}
