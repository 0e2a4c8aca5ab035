import type {
  CategoryProfile,
  FeatureProfile,
  OutputProfile,
  ReferenceProfile,
} from "@modelfleet/protocol";
import { bars } from "./distribution.ts";
import { table } from "./table.ts";

/** A picture of a reference profile: each distribution, its spread, and from where on a window is unlike it. */
export function renderProfile(profile: ReferenceProfile): string {
  const { samples, calibration, provisional } = profile;
  const head = [
    `${samples} samples${provisional === true ? ", provisional: learned from live windows" : ""}`,
    calibration === undefined
      ? "no calibrated thresholds: drift is judged by the controller's own alone"
      : `thresholds for windows of ${calibration.windowItems} items, drawn ${calibration.replicates} times in blocks of ${calibration.blockItems} (seed ${calibration.seed})`,
  ];
  const rows = [
    ...profile.features.map(featureRow),
    ...(profile.categories ?? []).map(categoryRow),
    ...profile.outputs.flatMap(outputRows),
  ];
  const columns = ["name", "from", "reference", "values", "missing", "threshold", "seasons"];
  return [...head, "", table(columns, rows)].join("\n");
}

function featureRow(feature: FeatureProfile): readonly string[] {
  const { name, source, counts, mean, sd, min, max, missingShare = 0, nanShare = 0 } = feature;
  const place = source.index === undefined ? source.tensor : `${source.tensor}[${source.index}]`;
  return [
    name,
    source.reduce === "element" ? place : `${source.reduce} of ${place}`,
    sharesOf(counts),
    `${short(min)} … ${short(max)}, ${short(mean)} ± ${short(sd)}`,
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
