import {
  type CategoryProfile,
  driftLimits,
  type FeatureProfile,
  type LearnedFrom,
  type OutputProfile,
  type ReferenceProfile,
} from "@modelfleet/protocol";
import { bars } from "./distribution.ts";
import { plural } from "./plural.ts";
import { table } from "./table.ts";

/** A picture of a reference profile: each distribution, its spread, and from where on a window is unlike it. */
export function renderProfile(profile: ReferenceProfile): string {
  const head = profile.learning === true ? [LEARNING] : headOf(profile);
  const rows = [
    ...profile.features.map(featureRow),
    ...(profile.categories ?? []).map(categoryRow),
    ...profile.outputs.flatMap(outputRows),
  ];
  const columns = ["name", "from", "reference", "values", "missing", "threshold", "seasons"];
  return [...head, "", table(columns, rows)].join("\n");
}

const LEARNING = "learning: it says what devices measure, and there is no reference of it yet";

function headOf({ samples, calibration, provisional, learned }: ReferenceProfile): string[] {
  const told = provisional === true ? ", provisional: its alerts are told nobody" : "";
  return [
    `${samples} samples${told}`,
    calibration === undefined
      ? "no calibrated thresholds: drift is judged by the controller's own alone"
      : `thresholds for windows of ${calibration.windowItems} items, drawn ${calibration.replicates} times in blocks of ${calibration.blockItems} (seed ${calibration.seed})`,
    ...originLines(learned),
  ];
}

/** Where a learnt profile comes from; none for one that was made of rows. */
function originLines(learned: LearnedFrom | undefined): readonly string[] {
  if (learned === undefined) return [];
  const { cohort, devices, windows, fromMs, untilMs, restless, confirmed } = learned;
  const [from, until] = [fromMs, untilMs].map((ms) => new Date(ms).toISOString());
  return [
    `learnt from ${plural(devices, "device")} of ${cohort} in ${plural(windows, "window")}, ${from} to ${until}`,
    ...(restless === undefined ? [] : [restlessLine(restless)]),
    ...(confirmed === undefined
      ? []
      : [`confirmed by ${confirmed.by}, ${new Date(confirmed.atMs).toISOString()}`]),
  ];
}

function restlessLine({ signal, psi }: NonNullable<LearnedFrom["restless"]>): string {
  const { psiWarn } = driftLimits;
  const moved = `between these windows ${signal} moved most, by a PSI of ${psi.toFixed(3)}`;
  if (psi < psiWarn) return `${moved}, below ${psiWarn} from which on it would count`;
  return `${moved}: one of them would have counted as drift (${psiWarn}), so ask what it was before you confirm`;
}

function featureRow(feature: FeatureProfile): readonly string[] {
  const { name, source, counts, mean, sd, min, max, missingShare = 0, nanShare = 0 } = feature;
  const place = source.index === undefined ? source.tensor : `${source.tensor}[${source.index}]`;
  return [
    name,
    source.reduce === "element" ? place : `${source.reduce} of ${place}`,
    sharesOf(counts),
    isEmpty(counts) ? "" : `${short(min)} … ${short(max)}, ${short(mean)} ± ${short(sd)}`,
    percent(missingShare + nanShare),
    ...ends(feature),
  ];
}

function categoryRow(category: CategoryProfile): readonly string[] {
  const { name, source, vocabulary, counts, missingShare = 0 } = category;
  return [
    name,
    source.index === undefined ? source.tensor : `${source.tensor}[${source.index}]`,
    sharesOf(counts),
    words(vocabulary),
    percent(missingShare),
    ...ends(category),
  ];
}

function outputRows(output: OutputProfile): (readonly string[])[] {
  const { name, source, classes, counts, confidence, errorShare } = output;
  const wrong = errorShare === undefined ? "no labels" : `${percent(errorShare) || "0 %"} wrong`;
  const { tensor } = source;
  const rows = [[name, tensor, sharesOf(counts), words(classes), "", ...ends(output)]];
  if (confidence.edges.length === 0) return rows;
  const sure = [`${name}.confidence`, tensor, sharesOf(confidence.counts), `0 … 1, ${wrong}`, ""];
  return [...rows, [...sure, ...ends(confidence)]];
}

function ends({
  threshold,
  seasonal = [],
}: Pick<FeatureProfile, "threshold" | "seasonal">): readonly [string, string] {
  return [
    threshold === undefined ? "" : threshold.toFixed(3),
    seasonal.length === 0 ? "" : `${seasonal.length} hours`,
  ];
}

function sharesOf(counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return bars(counts.map((count) => count / Math.max(total, 1)));
}

function isEmpty(counts: readonly number[]): boolean {
  return counts.every((count) => count === 0);
}

function words(list: readonly string[]): string {
  const shown = list.slice(0, 6).join(" ");
  return list.length > 6 ? `${shown} … (${list.length})` : shown;
}

function percent(share: number): string {
  return share === 0 ? "" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
