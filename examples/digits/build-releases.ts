import { encodeDenseLayers } from "../../test/support/onnx/dense-layers.ts";
import { accuracy, classify } from "./classify.ts";
import { type DigitSplit, loadDigits } from "./dataset.ts";
import { exampleRequest } from "./example-request.ts";
import { goldenDigits, goldenFile } from "./golden.ts";
import { profileFile } from "./profile.ts";
import { type Recipe, recipes } from "./recipes.ts";
import type { Classifier } from "./sgd.ts";
import { damagedClassifier, trainClassifier } from "./train-classifier.ts";
import { writeExample, writeRelease } from "./write-release.ts";

/** The release the README deploys. */
const EXAMPLE_VERSION = "2.0.0";

export type BuildOptions = {
  readonly seed: number;
  /** Where the release folders go. */
  readonly folder: string;
  readonly print: (line: string) => void;
};

/** Trains, measures and writes every release, and prints how well each does on digits it has never seen. */
export async function buildReleases({ seed, folder, print }: BuildOptions): Promise<void> {
  const split = await loadDigits();
  print(
    `seed ${seed}: ${split.training.length} digits to train on, ${split.heldOut.length} held out`,
  );
  const trained = new Map<string, Classifier>();
  const rows: string[] = [];
  for (const recipe of recipes) {
    const network = trainOne(recipe, { split, seed, trained, print });
    trained.set(recipe.version, network);
    rows.push(await finishOne(recipe, { network, split, folder }));
  }
  print("");
  print("| Version | Held-out accuracy | Model | Story |");
  print("|---|---|---|---|");
  for (const row of rows) print(row);
}

type TrainContext = {
  readonly split: DigitSplit;
  readonly seed: number;
  readonly trained: ReadonlyMap<string, Classifier>;
  readonly print: (line: string) => void;
};

function trainOne(recipe: Recipe, { split, seed, trained, print }: TrainContext): Classifier {
  const startFrom = recipe.startFrom === undefined ? undefined : trained.get(recipe.startFrom);
  return trainClassifier({
    recipe,
    training: split.training,
    seed,
    ...(startFrom && { startFrom }),
    onEpoch: (epoch, loss) =>
      print(`${recipe.version}  pass ${epoch}/${recipe.epochs}  loss ${loss.toFixed(4)}`),
  });
}

type FinishContext = {
  readonly network: Classifier;
  readonly split: DigitSplit;
  readonly folder: string;
};

/** Golden cases and profile come from the sound network, as its author saw it; the file may be damaged after that. */
async function finishOne(
  recipe: Recipe,
  { network, split, folder }: FinishContext,
): Promise<string> {
  const sound = modelOf(network);
  const model = recipe.damaged === true ? modelOf(damagedClassifier(network)) : sound;
  const reference = recipe.choose(split.training);
  const cases = goldenDigits(split.heldOut);
  await writeRelease(folder, {
    version: recipe.version,
    model,
    golden: goldenFile(cases, await classify(sound, cases)),
    profile: profileFile(reference, await classify(sound, reference)),
  });
  const chances = await classify(model, split.heldOut);
  if (recipe.version === EXAMPLE_VERSION) {
    await writeExample(folder, exampleRequest(split.heldOut, chances));
  }
  const correct = accuracy(chances, split.heldOut);
  const kilobytes = (model.length / 1_000).toFixed(0);
  return `| ${recipe.version} | ${(100 * correct).toFixed(1)} % | ${kilobytes} kB | ${recipe.story} |`;
}

function modelOf({ hidden, output }: Classifier): Uint8Array {
  return encodeDenseLayers("digits", [hidden, output], "digit");
}
