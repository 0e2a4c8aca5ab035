import {
  decodeWindow,
  encodeWindow,
  type ReferenceProfile,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import type { CohortKey } from "../../../controller/src/domain/drift/cohort-key.ts";
import { evaluateCell } from "../../../controller/src/domain/drift/evaluate-cell.ts";
import { evaluationDefaults } from "../../../controller/src/domain/drift/evaluation-policy.ts";
import { checkWindow } from "../../../controller/src/domain/telemetry/check-window.ts";
import {
  mergeTelemetry,
  mergeWindows,
} from "../../../controller/src/domain/telemetry/merge-windows.ts";
import { seededRandom } from "../../support/random.ts";
import { randomObservation, recorded } from "../../support/telemetry/observations.ts";
import { dayStartMs, hourMs, profileDigest, referenceOf } from "../../support/telemetry/windows.ts";
import type { BenchLine, BenchPart } from "../bench-line.ts";
import { bestCpuNs } from "./cpu-time.ts";

const seed = 29;
const features = 16;
/** Windows of one cell, in pages as the controller loads them, in so many cohorts. */
const windowsInCell = 500;
const pageWindows = 50;
const cohortCount = 5;
/** 5,000 a second on two cores. */
const perSecondMin = 2_500;

/** Windows a second on one core, from bytes to verdicts. */
export const controller: BenchPart = {
  name: "controller",
  run: (progress) => {
    progress(`${windowsInCell} windows of ${features} features`);
    const reference = referenceOf(features);
    const windows = measured(reference);
    const bytes = windows.map(encodeWindow);
    const bare = windowsInCell / (bestCpuNs(200, () => sumCounts(windows)) / 1e9);
    return Promise.resolve([
      line("decoded and checked", bare, () => {
        for (const each of bytes) decodeChecked(each, reference);
      }),
      line("decoded, checked and merged", bare, () => {
        mergePages(bytes, reference);
      }),
      line("decoded, checked, merged and evaluated", bare, () => {
        const cohorts = mergePages(bytes, reference);
        const cells = [...cohorts].map(
          ([cohort, merged]) => [cohort, [{ startMs: dayStartMs, merged }]] as const,
        );
        evaluateCell({
          ...{ profile: reference, cohorts: new Map(cells), cellStartMs: dayStartMs },
          policy: { ...evaluationDefaults, cellMs: hourMs },
        });
      }),
    ]);
  },
};

function line(what: string, bare: number, work: () => void): BenchLine {
  const ours = windowsInCell / (bestCpuNs(3, work) / 1e9);
  return {
    scenario: 29,
    what: `windows ${what}, a second on one core`,
    ...{ ours, bare, limit: `≥ ${perSecondMin}`, holds: ours >= perSecondMin },
  };
}

function decodeChecked(bytes: Uint8Array, reference: ReferenceProfile): TelemetryWindow {
  const window = decodeWindow(bytes);
  const profile = { reference, digest: profileDigest };
  const verdict = checkWindow(window, { profile, receivedAtMs: dayStartMs + hourMs });
  if (verdict.kind !== "ok") throw new Error(`expected a window that is taken: ${verdict.detail}`);
  return window;
}

/** Each window belongs to the fleet and to one other cohort. */
function mergePages(bytes: readonly Uint8Array[], reference: ReferenceProfile) {
  const parts = new Map<CohortKey, TelemetryWindow[]>();
  const merged = new Map<CohortKey, ReturnType<typeof mergeWindows>>();
  for (let from = 0; from < bytes.length; from += pageWindows) {
    parts.clear();
    for (const [i, each] of bytes.slice(from, from + pageWindows).entries()) {
      const window = decodeChecked(each, reference);
      for (const cohort of ["fleet", `class=c${i % cohortCount}`] as CohortKey[]) {
        parts.set(cohort, [...(parts.get(cohort) ?? []), window]);
      }
    }
    for (const [cohort, windows] of parts) {
      const before = merged.get(cohort);
      const added = mergeWindows(windows);
      merged.set(cohort, before === undefined ? added : mergeTelemetry([before, added]));
    }
  }
  return merged;
}

/** The counts of the same windows, added up into arrays and nothing else. */
function sumCounts(windows: readonly TelemetryWindow[]): number {
  const sums = Array.from({ length: features }, () => new Float64Array(22));
  for (const window of windows) {
    for (let feature = 0; feature < features; feature++) {
      const counts = window.features[feature]?.counts ?? [];
      const into = sums[feature] ?? new Float64Array(0);
      for (let bin = 0; bin < counts.length; bin++)
        into[bin] = (into[bin] ?? 0) + (counts[bin] ?? 0);
    }
  }
  return sums[0]?.[0] ?? 0;
}

function measured(reference: ReferenceProfile): TelemetryWindow[] {
  const random = seededRandom(seed);
  return Array.from({ length: windowsInCell }, () => {
    const seen = Array.from({ length: 40 }, () => randomObservation(random, features));
    const [window] = recorded(reference, seen);
    if (window === undefined) throw new Error("expected one window");
    return window;
  });
}
