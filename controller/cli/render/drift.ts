import type { CohortDrift, DriftAnswer, DriftVerdict, ReleaseDrift } from "@modelfleet/protocol";
import { bars } from "./distribution.ts";
import { plural } from "./plural.ts";
import { age, table } from "./table.ts";
import { binBars, figure, percent, verdictWords } from "./verdict.ts";

export interface DriftWish {
  readonly release?: string;
  readonly feature?: string;
  readonly cohort?: string;
  readonly since: string;
  readonly nowMs: number;
}

/** Cohorts that are shown unasked: the fleet, and those with something to tell. */
const COHORTS_SHOWN = 12;

/** Drift for people: what moved first, in words, with its bars. */
export function renderDrift(answer: DriftAnswer, wish: DriftWish): string {
  const releases = answer.releases.filter(
    ({ cohorts, hasProfile, isLearning }) => cohorts.length > 0 || !hasProfile || isLearning,
  );
  if (releases.length === 0) {
    const what = wish.release === undefined ? answer.model : `${answer.model}@${wish.release}`;
    const where = wish.cohort === undefined ? "" : ` in ${wish.cohort}`;
    return `nothing of ${what}${where} was judged in the last ${wish.since}: a window is judged when it has ended and two more have passed`;
  }
  return releases.map((release) => renderRelease(answer.model, release, wish)).join("\n\n");
}

/** `brightness` stands for `feature:brightness` and `category:brightness`. */
export function isOfFeature(signal: string, feature: string): boolean {
  return [feature, `feature:${feature}`, `category:${feature}`].includes(signal);
}

const UNJUDGED_LATENCY =
  "latency is not judged: the release names no limit (drift.latencyMsMax in release.json)";

function renderRelease(model: string, release: ReleaseDrift, wish: DriftWish): string {
  const title = `${model}@${release.version}`;
  if (!release.hasProfile) return `${title}  has no reference profile: nothing to hold it against`;
  if (release.isLearning) {
    return `${title}  is learning: devices measure, and nothing is judged; modelfleet profile learn ${model} ${release.version} makes a reference of it`;
  }
  const repeated = repeatedCohorts(release.cohorts, wish);
  const cohorts = release.cohorts.filter((cohort) => !repeated.includes(cohort));
  const shown = shownCohorts(cohorts, wish);
  const silent = cohorts.length - shown.length;
  return [
    `${title}${release.isProvisional ? "  the reference was learned and nobody has confirmed it: no alert is told" : ""}`,
    ...shown.flatMap((cohort) => ["", renderCohort(cohort, wish)]),
    ...sameAsFleet(repeated),
    ...(silent === 0 ? [] : ["", silentLine(silent)]),
    ...culpritsOf(release),
    ...(release.latencyMsMax === null ? ["", UNJUDGED_LATENCY] : []),
  ].join("\n");
}

/** Cohorts of every device of the fleet, as a class is that all devices are of: their tables would repeat its own. */
function repeatedCohorts(
  cohorts: readonly CohortDrift[],
  { cohort, feature }: DriftWish,
): readonly CohortDrift[] {
  const fleet = cohorts.find((each) => each.cohort === "fleet");
  if (cohort !== undefined || feature !== undefined || fleet === undefined) return [];
  return cohorts.filter((each) => each !== fleet && isWhole(each, fleet));
}

/** As many devices, and of each signal the very same. */
function isWhole(cohort: CohortDrift, fleet: CohortDrift): boolean {
  const said = ({ verdicts }: CohortDrift) =>
    verdicts.map(({ signal, status, items, level }) => [signal, status, items, level].join(" "));
  return (
    cohort.devices === fleet.devices &&
    cohort.cellStartMs === fleet.cellStartMs &&
    said(cohort).join("\n") === said(fleet).join("\n")
  );
}

function sameAsFleet(repeated: readonly CohortDrift[]): readonly string[] {
  if (repeated.length === 0) return [];
  const names = repeated.slice(0, COHORTS_SHOWN).map(({ cohort }) => cohort);
  const more = repeated.length > names.length ? ` and ${repeated.length - names.length} more` : "";
  const verb = repeated.length === 1 ? "is" : "are each";
  return ["", `${names.join(", ")}${more} ${verb} the whole fleet, as above (--cohort shows one)`];
}

function silentLine(silent: number): string {
  const which = silent === 1 ? "1 more cohort as its" : `${silent} more cohorts as their`;
  return `${which} reference (--cohort shows one)`;
}

function shownCohorts(
  cohorts: readonly CohortDrift[],
  { cohort, feature }: DriftWish,
): readonly CohortDrift[] {
  if (cohort !== undefined) return cohorts;
  const level = ({ verdicts }: CohortDrift) =>
    Math.max(0, ...verdicts.filter(isTold).map((verdict) => verdict.level));
  const loud = cohorts.filter((each) => each.cohort !== "fleet" && level(each) > 0);
  loud.sort((left, right) => level(right) - level(left));
  const all = feature === undefined ? loud : cohorts.filter((each) => each.cohort !== "fleet");
  return [...cohorts.filter((each) => each.cohort === "fleet"), ...all.slice(0, COHORTS_SHOWN)];
}

function isTold({ status }: DriftVerdict): boolean {
  return status === "WARN" || status === "BREACH";
}

function renderCohort(drift: CohortDrift, { feature, nowMs }: DriftWish): string {
  const { cohort, devices, cellStartMs, hidden, verdicts } = drift;
  const title = `${cohort}  ${plural(devices, "device")}, judged ${age(cellStartMs, nowMs)} ago`;
  if (hidden) return `${title}\nhidden: too few devices or items under strict privacy`;
  const wanted = verdicts.filter(
    ({ signal }) => feature === undefined || isOfFeature(signal, feature),
  );
  if (feature !== undefined) return [title, ...wanted.map(renderVerdict)].join("\n");
  return [title, verdictTable(wanted), ...estimatesOf(drift)].join("\n");
}

function renderVerdict(verdict: DriftVerdict): string {
  const words = `${verdict.signal}  ${verdict.status}: ${verdictWords(verdict)}`;
  return verdict.kind === "distribution" ? `${words}\n${binBars(verdict)}` : words;
}

/** Distributions all of them; the rest only where there is something to tell. */
function verdictTable(verdicts: readonly DriftVerdict[]): string {
  const rows = verdicts
    .filter((verdict) => verdict.kind === "distribution" || isTold(verdict))
    .map((verdict) => {
      const isCompared = verdict.kind === "distribution";
      return [
        verdict.signal,
        verdict.status === "INSUFFICIENT_DATA" ? "too few" : verdict.status,
        isCompared ? bars(verdict.reference) : "",
        isCompared ? bars(verdict.current) : "",
        isCompared ? figure(verdict.psi) : "",
        isCompared ? figure(verdict.threshold.warn) : "",
        verdictWords(verdict),
      ];
    });
  if (rows.length === 0) return "nothing to tell";
  return table(["signal", "verdict", "reference", "now", "PSI", "threshold", "in words"], rows);
}

function estimatesOf({ estimates }: CohortDrift): readonly string[] {
  return estimates.map(
    ({ output, accuracy, expected }) =>
      `${output}: by its confidence right in ${percent(accuracy)} of answers, ${percent(expected)} in the reference`,
  );
}

function culpritsOf({ culprits }: ReleaseDrift): readonly string[] {
  const [first, ...others] = culprits.map(({ cohort, signal }) => `${signal} in ${cohort}`);
  if (first === undefined) return [];
  const rest = others.slice(0, 2);
  return ["", `moved most: ${first}${rest.length === 0 ? "" : `, then ${rest.join(", ")}`}`];
}
