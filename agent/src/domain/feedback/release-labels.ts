import {
  digest8,
  type FeedbackWindow,
  feedbackLimits,
  type OutputProfile,
  type Sha256,
  type SlotName,
} from "@modelfleet/protocol";
import { RequestRefused } from "../open-inference/request-refused.ts";
import { openItems } from "../telemetry/items/element-reader.ts";
import type { Tensor } from "../tensor.ts";
import { type ErrorDetectors, errorDetectors } from "./error-detectors.ts";
import { type Counted, FeedbackTally } from "./feedback-tally.ts";
import type { Label, LabelRequest } from "./label-request.ts";
import {
  type ItemClasses,
  noClass,
  type Prediction,
  PredictionMemory,
} from "./prediction-memory.ts";
import { topTwo } from "./top-two.ts";

/** A release that classifies, in the slot where it answers. */
export interface LabelledRelease {
  readonly slot: SlotName;
  readonly release: Sha256;
  readonly model: string;
  readonly version: string;
  /** Those of its reference profile. */
  readonly outputs: readonly OutputProfile[];
}

/** Time as the agent tells it: of day for windows, and one that never goes back for ages. */
export interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** What one request with labels came to. */
export interface LabelAnswer extends Counted {
  readonly output: string;
  /** They are counted already, and not again. */
  readonly isRepeated: boolean;
}

/*
 * Rules of labels.
 * 1. A label belongs to the item of the prediction it names by the id of its request, and to the window the prediction was made in,
 *    however long ago that closed.
 * 2. It counts once for each prediction and output. The same labels again are no error and change nothing, so that whoever had no
 *    answer may ask again; other labels for the same prediction are refused.
 * 3. An item that was counted nowhere (a NaN), or whose label is not known, counts nowhere here either.
 * 4. A request counts whole or not at all.
 */

/** Predictions of one release, and the labels they were given. */
export class ReleaseLabels {
  readonly named: LabelledRelease;
  readonly #windowMs: number;
  readonly #memory: PredictionMemory;
  readonly #detectors: readonly ErrorDetectors[];
  readonly #tally: FeedbackTally;
  #flaggedAtMs = Number.NEGATIVE_INFINITY;
  #labelled = 0;
  #errors = 0;

  constructor(named: LabelledRelease, windowMs: number, memory = new PredictionMemory()) {
    const { slot, release, outputs } = named;
    this.named = named;
    this.#windowMs = windowMs;
    this.#memory = memory;
    this.#detectors = outputs.map(errorDetectors);
    this.#tally = new FeedbackTally({ slot, release: digest8(release) }, windowMs);
  }

  /** An answer that has too many rows, or nothing that classifies, is not remembered. */
  remember(id: string, outputs: readonly Tensor[], { nowMs, monotonicMs }: Moment): void {
    const classes = this.named.outputs.map((output) => classesOf(output, outputs));
    const isFit = classes.every(({ length }) => length <= feedbackLimits.itemsPerPredictionMax);
    if (!isFit || classes.every(({ length }) => length === 0)) return;
    const windowStartMs = Math.floor(nowMs / this.#windowMs) * this.#windowMs;
    this.#memory.add(id, { windowStartMs, atMs: monotonicMs, classes, labels: null });
  }

  /** The prediction of this request, unless it is too old or was never remembered. */
  find(id: string, monotonicMs: number): Prediction | undefined {
    return this.#memory.find(id, monotonicMs);
  }

  /** @throws RequestRefused FORMAT for an output or label that is none, LABELLED for another label than before */
  label(prediction: Prediction, request: LabelRequest, monotonicMs: number): LabelAnswer {
    const output = this.#outputOf(request.output);
    const profile = this.named.outputs[output];
    const classes = prediction.classes[output];
    if (profile === undefined || classes === undefined) throw new RangeError("no such output");
    const labels = labelsOf(profile, request.labels, classes.length);
    const before = prediction.labels?.get(output);
    if (before !== undefined) refuseOther(before, labels, request.id);
    const isRepeated = before !== undefined;
    const counted = isRepeated ? nothing : this.#count({ output, classes, labels });
    if (counted.labelled > 0) {
      prediction.labels = new Map([...(prediction.labels ?? []), [output, labels]]);
      this.#labelled += counted.labelled;
      this.#errors += counted.errors;
      this.#tally.add({ startMs: prediction.windowStartMs, output }, counted);
    }
    if (counted.drift.length > 0) this.#flaggedAtMs = monotonicMs;
    return { output: profile.name, isRepeated, ...counted };
  }

  /** Whether a detector spoke within `feedbackLimits.driftHoldMs`. */
  isDrifting(monotonicMs: number): boolean {
    return monotonicMs - this.#flaggedAtMs <= feedbackLimits.driftHoldMs;
  }

  /** Since the start. */
  totals(): { readonly labelled: number; readonly errors: number } {
    return { labelled: this.#labelled, errors: this.#errors };
  }

  /** Windows with increments that were not told yet. */
  pending(): number {
    return this.#tally.size();
  }

  take(): readonly FeedbackWindow[] {
    return this.#tally.take();
  }

  #outputOf(name: string | undefined): number {
    const { outputs } = this.named;
    if (name === undefined && outputs.length === 1) return 0;
    const found = outputs.findIndex((output) => output.name === name);
    if (found >= 0) return found;
    const names = outputs.map((output) => output.name).join(", ");
    const came = name === undefined ? "none" : "another";
    throw new RequestRefused("FORMAT", `output: expected one of ${names}, got ${came}`);
  }

  #count({
    output,
    classes,
    labels,
  }: Record<"classes" | "labels", ItemClasses> & { readonly output: number }): Counted {
    let [labelled, errors] = [0, 0];
    const drift = new Set<Counted["drift"][number]>();
    for (let item = 0; item < labels.length; item++) {
      const [said, label] = [classes.charCodeAt(item), labels.charCodeAt(item)];
      if (label === noClass || said === noClass) continue;
      const error = said === label ? 0 : 1;
      labelled += 1;
      errors += error;
      for (const name of this.#detectors[output]?.update(error) ?? []) drift.add(name);
    }
    return { labelled, errors, drift: [...drift].sort() };
  }
}

const nothing: Counted = { labelled: 0, errors: 0, drift: [] };

function classesOf({ source, classes }: OutputProfile, outputs: readonly Tensor[]): ItemClasses {
  const tensor = outputs.find(({ name }) => name === source.tensor);
  const opened = tensor === undefined ? null : openItems(tensor);
  if (opened === null) return "";
  // Of one with too many rows only that it has too many is asked.
  const items = Math.min(opened.items, feedbackLimits.itemsPerPredictionMax + 1);
  let found = "";
  for (let item = 0; item < items; item++) {
    found += String.fromCharCode(topTwo(opened, item, classes.length)?.best ?? noClass);
  }
  return found;
}

function labelsOf(
  { classes }: OutputProfile,
  labels: readonly Label[],
  items: number,
): ItemClasses {
  if (labels.length !== items) {
    const text = `label: expected one for each of the ${items} rows, got ${labels.length}`;
    throw new RequestRefused("FORMAT", text);
  }
  const codes = labels.map((label) => (label === null ? noClass : classOf(label, classes)));
  return String.fromCharCode(...codes);
}

/** A name comes first: where classes are called "3" and "7", an index is a number. */
function classOf(label: string | number, classes: readonly string[]): number {
  const found = typeof label === "number" ? label : classes.indexOf(label);
  if (found >= 0 && found < classes.length) return found;
  const came = typeof label === "number" ? String(label) : "another text";
  const expected = `one of the release's ${classes.length} classes by name, or 0 to ${classes.length - 1}`;
  throw new RequestRefused("FORMAT", `label: expected ${expected}, got ${came}`);
}

function refuseOther(before: ItemClasses, labels: ItemClasses, id: string): void {
  if (before === labels) return;
  const text = `expected one label for each prediction, got another for ${id}; the first one counts`;
  throw new RequestRefused("LABELLED", text);
}
