import { describe, expect, test } from "vitest";
import {
  advanceAlerts,
  alertKey,
} from "../../../../controller/src/domain/drift/alerts/advance-alerts.ts";
import type {
  AlertState,
  AlertTransition,
  Suppression,
} from "../../../../controller/src/domain/drift/alerts/alert-state.ts";
import type { CohortKey } from "../../../../controller/src/domain/drift/cohort-key.ts";
import type { QualityVerdict, Verdict } from "../../../../controller/src/domain/drift/verdict.ts";
import { cellMs } from "../../../support/telemetry/drift-cells.ts";
import { verdictOf } from "../../../support/telemetry/verdicts.ts";

describe("alerts of one cell", () => {
  /** What is told over so many cells that all say the same. */
  function watchCells(
    verdictsOf: (i: number) => readonly Verdict[],
    cells: number,
    suppressionOf: (verdict: Verdict) => Suppression | null = () => null,
  ) {
    const states = new Map<string, AlertState>();
    const transitions: AlertTransition[] = [];
    for (let i = 0; i < cells; i++) {
      const verdicts = verdictsOf(i);
      const advanced = advanceAlerts({
        ...{ release: "r", verdicts, states, isHistorical: false, suppressionOf },
      });
      for (const [key, state] of advanced.next) states.set(key, state);
      transitions.push(...advanced.transitions);
    }
    const told = transitions.filter(({ notice }) => notice !== null).map(({ subject: of }) => of);
    return { states, told };
  }

  const sites = Array.from({ length: 200 }, (_, i): CohortKey => `site=${i}`);
  const drifting = (cohort: CohortKey, i: number) => verdictOf(i, 0.3, { cohort });

  test("T27: a fleet event over 200 cohorts is told once, as that of the fleet", () => {
    const { states, told } = watchCells(
      (i) => [...sites, "fleet" as const].map((key) => drifting(key, i)),
      6,
    );

    expect(told).toEqual([{ release: "r", cohort: "fleet", signal: "feature:x" }]);
    expect(states.get(alertKey("site=7", "feature:x"))?.kind).toBe("SUPPRESSED");
  });

  const faulty = (cohort: CohortKey, i: number): QualityVerdict => ({
    ...{ kind: "quality", cohort, signal: "quality:x", status: "BREACH", level: 2, items: 1_000 },
    ...{
      cellStartMs: i * cellMs,
      fromMs: i * cellMs,
      untilMs: (i + 1) * cellMs,
      isConclusive: false,
    },
    finding: { fault: "MISSING", share: 0.1, expectedShare: 0 },
  });

  test("values that cannot be believed mute the drift of their feature and of the outputs, in their cohort alone", () => {
    const { states, told } = watchCells(
      (i) => [
        drifting("site=1", i),
        drifting("site=2", i),
        verdictOf(i, 0.3, { cohort: "site=1", signal: "output:y:confidence" }),
        verdictOf(i, 0.3, { cohort: "site=1", signal: "feature:other" }),
        faulty("site=1", i),
      ],
      3,
    );

    expect(told.map(({ cohort, signal }) => `${cohort} ${signal}`)).toEqual([
      "site=1 quality:x",
      "site=2 feature:x",
      "site=1 feature:other",
    ]);
    expect(states.get(alertKey("site=1", "feature:x"))).toMatchObject({
      kind: "SUPPRESSED",
      episode: { suppression: "quality" },
    });
  });

  test("an alert of the fleet that nobody was told of speaks for no cohort, also when its reason has gone", () => {
    const { told } = watchCells(
      (i) => [
        // Just below the threshold after the work on another site: neither an excess nor calm.
        verdictOf(i, i < 4 ? 0.3 : 0.08, { cohort: "fleet" }),
        verdictOf(i, i < 4 ? 0.05 : 0.3, { cohort: "site=1" }),
      ],
      8,
      ({ cohort, fromMs }) => (cohort === "fleet" && fromMs < 4 * cellMs ? "maintenance" : null),
    );

    expect(told.map(({ cohort }) => cohort)).toEqual(["site=1"]);
  });

  test("values of the fleet that cannot be believed for work on one site mute no drift of another", () => {
    const { told } = watchCells(
      (i) => [
        faulty("site=1", i),
        faulty("fleet", i),
        drifting("site=1", i),
        drifting("site=2", i),
        verdictOf(i, 0.3, { cohort: "site=2", signal: "output:y:confidence" }),
      ],
      3,
      ({ cohort }) => (cohort === "site=2" ? null : "maintenance"),
    );

    expect(told.map(({ cohort, signal }) => `${cohort} ${signal}`)).toEqual([
      "site=2 feature:x",
      "site=2 output:y:confidence",
    ]);
  });

  test("a cohort fires again by itself when the fleet has recovered and it has not", () => {
    const { states, told } = watchCells(
      (i) => [verdictOf(i, i < 4 ? 0.3 : 0.05, { cohort: "fleet" }), drifting("site=1", i)],
      10,
    );

    expect(told.map(({ cohort }) => cohort)).toEqual(["fleet", "fleet", "site=1"]);
    expect(states.get(alertKey("site=1", "feature:x"))?.kind).toBe("FIRING");
  });
});
