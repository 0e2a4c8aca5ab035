import { describe, expect, test } from "vitest";
import { acknowledgeAlert } from "../../../../controller/src/domain/drift/alerts/acknowledge-alert.ts";
import {
  advanceAlert,
  unheardAlert,
} from "../../../../controller/src/domain/drift/alerts/advance-alert.ts";
import type {
  AlertContext,
  AlertState,
  AlertTransition,
} from "../../../../controller/src/domain/drift/alerts/alert-state.ts";
import type { Verdict } from "../../../../controller/src/domain/drift/verdict.ts";
import { seededRandom } from "../../../support/random.ts";
import { alertSubject as subject, verdictOf } from "../../../support/telemetry/verdicts.ts";

const plain: AlertContext = { subject, suppression: null, isHistorical: false };

/** The states an alert goes through, and what is told. */
function watch(
  verdicts: readonly Verdict[],
  contextOf: (i: number) => Partial<AlertContext> = () => ({}),
) {
  let state: AlertState = unheardAlert;
  const kinds: string[] = [];
  const told: string[] = [];
  const transitions: AlertTransition[] = [];
  for (const [i, verdict] of verdicts.entries()) {
    const advanced = advanceAlert(state, verdict, { ...plain, ...contextOf(i) });
    state = advanced.next;
    kinds.push(state.kind);
    transitions.push(...advanced.transitions);
    for (const { notice, severity } of advanced.transitions) {
      if (notice !== null) told.push(`${i} ${notice} ${severity ?? ""}`);
    }
  }
  return { state, kinds, told, transitions };
}

const series = (...values: readonly number[]) => values.map((psi, i) => verdictOf(i, psi));

describe("T27: PSI that oscillates around the threshold for 96 windows gives at most 2 notifications", () => {
  test("in turns", () => {
    const values = Array.from({ length: 96 }, (_, i) => (i % 2 === 0 ? 0.09 : 0.11));

    expect(watch(series(...values)).told).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5])("at random, seed %d", (seed) => {
    const random = seededRandom(seed);
    const values = Array.from({ length: 96 }, () => 0.09 + 0.02 * random.next());
    const { told } = watch(series(...values));

    // A plain threshold would tell of it at every second crossing.
    const crossings = values.filter((value, i) => value >= 0.1 && (values[i - 1] ?? 0) < 0.1);
    expect(crossings.length).toBeGreaterThan(15);
    expect(told.length).toBeLessThanOrEqual(2);
  });

  test("in a slow wave", () => {
    const values = Array.from({ length: 96 }, (_, i) => 0.1 + 0.01 * Math.sin((i * Math.PI) / 8));

    expect(watch(series(...values)).told).toEqual(["2 fired warning"]);
  });
});

describe("an alert", () => {
  test("is pending with the first excess, and fires with the third of four", () => {
    const { kinds, told } = watch(series(0.05, 0.12, 0.08, 0.12, 0.12));

    expect(kinds).toEqual(["OK", "PENDING", "PENDING", "PENDING", "FIRING"]);
    expect(told).toEqual(["4 fired warning"]);
  });

  test("does not fire with two of four", () => {
    expect(watch(series(0.12, 0.12, 0.05, 0.05, 0.12, 0.12)).told).toEqual([]);
  });

  test("is over after four calm windows in a row, and not before", () => {
    const { kinds, told } = watch(
      series(0.12, 0.12, 0.12, 0.06, 0.06, 0.06, 0.08, 0.06, 0.06, 0.06, 0.06),
    );

    expect(kinds.slice(2)).toEqual(["FIRING", ...new Array<string>(7).fill("RECOVERING"), "OK"]);
    expect(told).toEqual(["2 fired warning", "10 resolved warning"]);
  });

  test("that comes back while it recovers is the same, and not told again", () => {
    const { kinds, told, transitions } = watch(series(0.12, 0.12, 0.12, 0.06, 0.06, 0.12));

    expect(kinds.slice(2)).toEqual(["FIRING", "RECOVERING", "RECOVERING", "FIRING"]);
    expect(told).toEqual(["2 fired warning"]);
    expect(new Set(transitions.map(({ id }) => id)).size).toBe(1);
  });

  test("that grows worse is told once more", () => {
    const { told } = watch(series(0.12, 0.12, 0.12, 0.3, 0.3, 0.3, 0.3, 0.12, 0.12));

    expect(told).toEqual(["2 fired warning", "5 worse critical"]);
  });

  test("is critical at once where three of four are", () => {
    expect(watch(series(0.3, 0.3, 0.3)).told).toEqual(["2 fired critical"]);
  });

  test("fires at once where one verdict is conclusive", () => {
    const verdict = verdictOf(0, 0.12, { isConclusive: true });

    expect(watch([verdict]).told).toEqual(["0 fired warning"]);
  });

  test("counts no cell twice: merged forward from the same cells, three excesses are one", () => {
    const merged = [0, 1, 2].map((i) => verdictOf(i, 0.12, { fromMs: 0 }));

    expect(watch(merged).kinds).toEqual(["PENDING", "PENDING", "PENDING"]);
  });

  test("has a name that is found again from the same windows, and another for another episode", () => {
    const values = series(0.12, 0.12, 0.12, 0.06, 0.06, 0.06, 0.06, 0.12, 0.12, 0.12);
    const [one, again] = [watch(values), watch(values)].map(({ transitions }) => transitions);

    expect(one).toEqual(again);
    expect(one?.[0]?.id).toMatch(/^[0-9a-f]{24}$/);
    expect(new Set(one?.map(({ id }) => id)).size).toBe(2);
  });

  test("keeps what it rests on", () => {
    const verdicts = series(0.12, 0.12, 0.12);

    expect(watch(verdicts).transitions[0]?.evidence).toBe(verdicts[2]);
  });

  test("does not end in silence, but is lost after a day of it", () => {
    const silent = (i: number) => verdictOf(i, 0, { status: "INSUFFICIENT_DATA", level: 0 });
    const verdicts = Array.from({ length: 99 }, (_, i) => (i < 3 ? verdictOf(i, 0.12) : silent(i)));
    const { kinds, told } = watch(verdicts);

    expect(kinds.slice(2, 98)).toEqual(new Array<string>(96).fill("FIRING"));
    expect(told).toEqual(["2 fired warning", "98 lost warning"]);
    expect(kinds[98]).toBe("INSUFFICIENT_DATA");
  });

  test("is not moved by the past: an older cell, the same one again, or a historical one", () => {
    const { state } = watch(series(0.12, 0.12));
    const past = [verdictOf(1, 0.3), verdictOf(0, 0.3)].map((verdict) =>
      advanceAlert(state, verdict, plain),
    );
    const late = advanceAlert(state, verdictOf(2, 0.3), { ...plain, isHistorical: true });

    for (const { next, transitions } of [...past, late]) {
      expect(next).toBe(state);
      expect(transitions).toEqual([]);
    }
  });
});

describe("an alert that nobody is to be told of", () => {
  const during = (from: number, until: number) => (i: number) => ({
    suppression: i >= from && i < until ? ("rollout" as const) : null,
  });

  test("is kept, and told when the reason has gone", () => {
    const { kinds, told } = watch(series(0.12, 0.12, 0.12, 0.12, 0.12), during(0, 4));

    expect(kinds.slice(2)).toEqual(["SUPPRESSED", "SUPPRESSED", "FIRING"]);
    expect(told).toEqual(["4 fired warning"]);
  });

  test("ends without a word", () => {
    const { kinds, told } = watch(series(0.12, 0.12, 0.12, 0.05, 0.05, 0.05, 0.05), during(0, 9));

    expect(kinds.at(-1)).toBe("OK");
    expect(told).toEqual([]);
  });

  test("is not told a second time when it was told before", () => {
    const { kinds, told } = watch(series(0.12, 0.12, 0.12, 0.12, 0.12), during(3, 4));

    expect(kinds.slice(2)).toEqual(["FIRING", "SUPPRESSED", "FIRING"]);
    expect(told).toEqual(["2 fired warning"]);
  });

  test("that grew worse meanwhile is told as that", () => {
    const { told } = watch(series(0.12, 0.12, 0.12, 0.3, 0.3, 0.3, 0.3), during(3, 6));

    expect(told).toEqual(["2 fired warning", "6 worse critical"]);
  });

  test("and that is neither too much nor calm when the reason has gone waits for the next excess", () => {
    const near = watch(series(0.12, 0.12, 0.12, 0.08, 0.12), during(0, 3));

    expect(near.kinds.slice(2)).toEqual(["SUPPRESSED", "RECOVERING", "FIRING"]);
    expect(near.told).toEqual(["4 fired warning"]);
    expect(near.transitions.at(-1)?.evidence).toMatchObject({ status: "WARN" });
  });

  test("for one reason after another has each of them in its record", () => {
    const reasons = ["rollout", "rollout", "rollout", "maintenance", "maintenance", null] as const;
    const { transitions } = watch(series(0.12, 0.12, 0.12, 0.12, 0.12, 0.12), (i) => ({
      suppression: reasons[i] ?? null,
    }));

    expect(transitions).toMatchObject([
      { from: "PENDING", to: "SUPPRESSED", suppression: "rollout", notice: null },
      { from: "SUPPRESSED", to: "SUPPRESSED", suppression: "maintenance", notice: null },
      { from: "SUPPRESSED", to: "FIRING", suppression: null, notice: "fired" },
    ]);
  });

  test("that has calmed down meanwhile is never told", () => {
    const values = series(0.12, 0.12, 0.12, 0.05, 0.05, 0.05, 0.05);
    const { kinds, told } = watch(values, during(0, 5));

    expect(kinds.slice(4)).toEqual(["SUPPRESSED", "RECOVERING", "OK"]);
    expect(told).toEqual([]);
  });
});

describe("an alert that somebody takes", () => {
  const { state: firing } = watch(series(0.12, 0.12, 0.12));
  const taken = acknowledgeAlert(firing, { by: "ada", subject, atMs: 7 });

  test("is theirs, which is in the record and told to nobody", () => {
    expect(taken.next.kind).toBe("ACKED");
    expect(taken.transitions).toMatchObject([
      { from: "FIRING", to: "ACKED", atMs: 7, notice: null },
    ]);
  });

  test("stays theirs when it comes back, and is told when it ends", () => {
    let { next } = taken;
    const kinds: string[] = [];
    const notices: unknown[] = [];
    for (const [i, psi] of [0.05, 0.12, 0.05, 0.05, 0.05, 0.05].entries()) {
      const advanced = advanceAlert(next, verdictOf(3 + i, psi), plain);
      next = advanced.next;
      kinds.push(next.kind);
      notices.push(...advanced.transitions.map(({ notice }) => notice));
    }

    expect(kinds).toEqual(["RECOVERING", "ACKED", "RECOVERING", "RECOVERING", "RECOVERING", "OK"]);
    expect(notices.filter((notice) => notice !== null)).toEqual(["resolved"]);
  });

  test("cannot be taken when there is none", () => {
    const { next, transitions } = acknowledgeAlert(unheardAlert, { by: "ada", subject, atMs: 7 });

    expect(next).toBe(unheardAlert);
    expect(transitions).toEqual([]);
  });
});
