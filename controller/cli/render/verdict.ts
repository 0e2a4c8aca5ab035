import type {
  DistributionVerdict,
  DriftVerdict,
  QualityFinding,
  RateVerdict,
} from "@modelfleet/protocol";
import { plainLine } from "./plain-text.ts";
import { plural } from "./plural.ts";

const BAR_WIDTH = 24;

/** What a verdict says, in one line. */
export function verdictWords(verdict: DriftVerdict): string {
  const items = plural(Math.round(verdict.items), "item");
  if (verdict.status === "INSUFFICIENT_DATA") return `too little to tell (${items})`;
  switch (verdict.kind) {
    case "distribution":
      return distributionWords(verdict);
    case "quality":
      return verdict.finding === null ? "values can be believed" : faultWords(verdict.finding);
    case "rate":
      return `${rateWords(verdict)} (${items})`;
  }
}

function distributionWords({ psi, threshold, gate, items, basis, ...rest }: DistributionVerdict) {
  const over = basis === "day" ? " over 24 h" : "";
  const facts = `PSI ${figure(psi)}, threshold ${figure(threshold.warn)} ${threshold.source}, ${plural(Math.round(items), "item")}${over}`;
  if (rest.status !== "OK") return `unlike its reference: ${facts}`;
  // Larger than allowed and not told: chance alone does that with so few.
  const isChance = psi >= threshold.warn;
  return isChance
    ? `may be chance (it reaches ${figure(gate)}): ${facts}`
    : `as its reference: ${facts}`;
}

function rateWords({ signal, value, limit }: RateVerdict): string {
  const [is, may] = [value, limit].map((each) => rateFigure(signal, each));
  const what = signal === "latency" ? "" : signal === "errors" ? " failed" : " wrong";
  return `${is}${what}, ${may} are allowed`;
}

/** Of what is measured as a rate its unit, of all else the bare number, which is a PSI. */
export function rateFigure(signal: string, value: number): string {
  if (signal === "latency") return `${figure(value)} µs`;
  return signal === "errors" || signal.startsWith("accuracy:") ? percent(value) : figure(value);
}

export function faultWords(finding: QualityFinding): string {
  switch (finding.fault) {
    case "MISSING":
      return `${percent(finding.share)} are missing, ${percent(finding.expectedShare)} are usual`;
    case "CONSTANT":
      return `all the same${finding.value === null ? "" : `: ${finding.value}`}`;
    case "UNIT":
      return `looks like another unit: times ${finding.factor}`;
    case "OUT_OF_RANGE":
      return `${percent(finding.share)} lie outside of all the reference has seen`;
  }
}

/** Reference against current, a line a bin; both on one scale. */
export function binBars({ bins, reference, current }: DistributionVerdict): string {
  const names = current.map((_, bin) => plainLine(bins[bin] ?? `bin ${bin + 1}`));
  const width = Math.max(3, ...names.map(({ length }) => length));
  const most = Math.max(Number.MIN_VALUE, ...reference, ...current);
  const head = `${"bin".padEnd(width)}  ${"reference".padEnd(BAR_WIDTH + 8)}  now`;
  const rows = current.map((share, bin) => {
    const [was, is] = [reference[bin] ?? 0, share].map((each) => sized(each, most));
    return `${(names[bin] ?? "").padEnd(width)}  ${was}  ${is}`.trimEnd();
  });
  return [head, ...rows].join("\n");
}

function sized(share: number, most: number): string {
  const length = Math.round((Math.max(0, share) / most) * BAR_WIDTH);
  const bar = "█".repeat(share > 0 ? Math.max(1, length) : 0);
  return `${bar.padEnd(BAR_WIDTH)} ${percent(share).padStart(7)}`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Three figures that count. */
export function figure(value: number): string {
  return value === 0 ? "0" : String(Number(value.toPrecision(3)));
}
