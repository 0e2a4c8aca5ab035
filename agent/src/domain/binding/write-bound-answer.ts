import { InferError } from "../infer-error.ts";
import type { ServedAnswer } from "../open-inference/served-models.ts";
import { writeJsonTensor } from "../serving/write-json-tensor.ts";
import type { Tensor } from "../tensor.ts";
import { viewTensor } from "../tensor-view.ts";

/** What a binding says about its answers. */
export interface AnswerRules {
  /** The output whose largest element is named. */
  readonly argmax?: string | undefined;
  /** Names of that output's elements. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * An answer for an output topic, JSON: `{model, version, outputs}` and, where it is asked for, `{argmax, label, score}`;
 * lists of them where there are several rows. Names of tensors are values here, never keys and never topics.
 *
 * @throws InferError BAD_TENSOR when the output of `argmax` is none of the model's, or has no numbers
 */
export function writeBoundAnswer({ model, outputs }: ServedAnswer, rules: AnswerRules): string {
  const { model: name, version } = model.staged.document;
  const best = rules.argmax === undefined ? {} : bestOf(outputs, rules.argmax, rules.labels);
  const head = JSON.stringify({ model: name, version, ...best });
  return `${head.slice(0, -1)},"outputs":[${outputs.map(writeJsonTensor).join(",")}]}`;
}

function bestOf(outputs: readonly Tensor[], name: string, labels: readonly string[] = []): object {
  const rows = rowsOf(outputs, name);
  const argmax = rows.map(largest);
  const score = rows.map((row, i) => numberOrWord(row[argmax[i] ?? 0] ?? Number.NaN));
  const label = argmax.map((index) => labels[index] ?? null);
  const isOne = rows.length === 1;
  const named = labels.length === 0 ? {} : { label: isOne ? label[0] : label };
  return { argmax: isOne ? argmax[0] : argmax, ...named, score: isOne ? score[0] : score };
}

function rowsOf(outputs: readonly Tensor[], name: string): readonly (readonly number[])[] {
  const output = outputs.find((tensor) => tensor.name === name);
  if (output === undefined) {
    const known = outputs.map((tensor) => tensor.name).join(", ");
    throw new InferError("BAD_TENSOR", `argmax ${name}: expected one of ${known}, got another`);
  }
  const view = viewTensor(output);
  const width = output.shape.at(-1) ?? 1;
  if (view.kind === "text" || width === 0 || view.values.length === 0) {
    throw new InferError("BAD_TENSOR", `argmax ${name}: expected an output of numbers, got none`);
  }
  const values = Array.from<number | bigint, number>(view.values, Number);
  return Array.from({ length: values.length / width }, (_, row) =>
    values.slice(row * width, (row + 1) * width),
  );
}

/** The first of the largest; what is no number is never it, unless nothing is. */
function largest(row: readonly number[]): number {
  let best = 0;
  for (const [i, value] of row.entries()) {
    const highest = row[best] ?? Number.NaN;
    if (value > highest || (Number.isNaN(highest) && !Number.isNaN(value))) best = i;
  }
  return best;
}

function numberOrWord(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
