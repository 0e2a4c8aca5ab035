import { telemetryLimits } from "@modelfleet/protocol";
import { sortedWords } from "../../src/domain/profile/category-reference.ts";
import type { ClassifiedRows } from "../../src/domain/profile/output-reference.ts";
import { wordRows } from "./category-rows.ts";
import type { CollectedTable } from "./collect-table.ts";
import { fileFault, quoted } from "./file-fault.ts";
import { OUTPUT_TENSOR } from "./own-uses.ts";
import type { ProfileConfig } from "./profile-config.ts";
import type { WordList } from "./word-list.ts";

const OUTPUT = "output";
/** A label that is no class of the output: every answer to it is wrong. */
const FOREIGN = 254;

/**
 * The answers of a classifier with their labels. Classes stand in the order the config says, else sorted, and whole
 * numbers from 0 on, as their places in the output are.
 *
 * @throws CliError FILE when there are too few or too many classes, or an answer is none of them
 */
export function classifiedRows(
  path: string,
  { predictions, labels, confidence }: CollectedTable,
  { output, predictionColumn }: ProfileConfig,
): ClassifiedRows[] {
  if (predictions === undefined) return [];
  const column = predictionColumn;
  const classes = output?.classes ?? classesOf(predictions, labels);
  if (classes.length < 2 || classes.length > telemetryLimits.classesMax) {
    const expected = `expected 2 to ${telemetryLimits.classesMax} classes, got ${classes.length}`;
    throw fileFault({ path, column }, `${expected}: say output.classes in the config`);
  }
  const foreign = predictions.words().find((word) => !classes.includes(word));
  if (foreign !== undefined) {
    throw fileFault({ path, column }, `expected a class of the output, got ${quoted(foreign)}`);
  }
  return [
    {
      name: output?.name ?? OUTPUT,
      tensor: output?.tensor ?? OUTPUT_TENSOR,
      classes,
      predicted: wordRows(predictions, classes, FOREIGN),
      labels: labels && wordRows(labels, classes, FOREIGN),
      confidence: confidence?.values,
    },
  ];
}

function classesOf(predictions: WordList, labels: WordList | undefined): readonly string[] {
  const words = sortedWords([...new Set([...predictions.words(), ...(labels?.words() ?? [])])]);
  const last = Number(words.at(-1));
  const isNumbered = words.every((word) => /^\d{1,3}$/.test(word)) && words.length > 0;
  return isNumbered ? Array.from({ length: last + 1 }, (_, place) => String(place)) : words;
}
