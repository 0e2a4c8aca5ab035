import type {
  AlertDetail,
  DistributionVerdict,
  DriftAnswer,
  DriftVerdict,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  acknowledgedText,
  figuresText,
  renderAlert,
} from "../../../../controller/cli/render/alert.ts";
import { renderDrift } from "../../../../controller/cli/render/drift.ts";
import { plural } from "../../../../controller/cli/render/plural.ts";
import { binBars, faultWords, verdictWords } from "../../../../controller/cli/render/verdict.ts";
import { firedAlert } from "../../../support/drift/fired-alert.ts";

const verdict: DistributionVerdict = {
  ...{ kind: "distribution", cohort: "hall=south", signal: "feature:noise", status: "BREACH" },
  ...{ cellStartMs: 0, fromMs: 0, untilMs: 900_000, items: 1_200, level: 4.2 },
  ...{ psi: 0.42, gate: 0.02, pValue: 1e-9, isDiscovery: true, basis: "window", slot: null },
  threshold: { warn: 0.1, alert: 0.25, source: "calibrated" },
  ...{ bins: ["< 0", "0 … 1", "≥ 1"], edges: [0, 1] },
  ...{ reference: [0.5, 0.5, 0], current: [0.25, 0.5, 0.25] },
};

test("a verdict says in words what is unlike, by how much and by whose threshold", () => {
  expect(verdictWords(verdict)).toBe(
    "unlike its reference: PSI 0.42, threshold 0.1 calibrated, 1200 items",
  );
  expect(verdictWords({ ...verdict, status: "OK", psi: 0.03 })).toContain(
    "as its reference: PSI 0.03",
  );
});

test("what is large and not told is said to be chance, and what is too little to be too little", () => {
  expect(verdictWords({ ...verdict, status: "OK", gate: 0.5 })).toContain("may be chance");
  expect(verdictWords({ ...verdict, status: "INSUFFICIENT_DATA", items: 7 })).toBe(
    "too little to tell (7 items)",
  );
});

test("a rate is told as a share of what failed or was wrong, beside the share that is allowed", () => {
  const { cohort, cellStartMs, fromMs, untilMs } = verdict;
  const rate: DriftVerdict = {
    ...{ kind: "rate", signal: "accuracy:state", status: "BREACH", items: 5_481, level: 2 },
    ...{ cohort, cellStartMs, fromMs, untilMs, value: 0.448, limit: 0.186 },
  };

  expect(verdictWords(rate)).toBe("44.8 % wrong, 18.6 % are allowed (5481 items)");
  expect(verdictWords({ ...rate, signal: "errors" })).toContain("44.8 % failed");
  expect(verdictWords({ ...rate, signal: "latency", value: 5_210, limit: 4_000 })).toContain(
    "5210 µs, 4000 µs are allowed",
  );
});

test.each([
  ["accuracy:state", 0.3, 0.0621, "30.0 %, limit 6.2 %"],
  ["errors", 0.5, 0.05, "50.0 %, limit 5.0 %"],
  ["latency", 5_210, 4_000, "5210 µs, limit 4000 µs"],
  ["feature:noise", 1.64, 0.1, "1.64, limit 0.1"],
  ["output:state:confidence", 1.64, 0.1, "1.64, limit 0.1"],
])("what an alert of %s measured is told in its unit", (signal, value, limit, text) => {
  expect(figuresText({ signal, value, limit })).toBe(text);
});

test("bars of both are on one scale, a bin without anything has none", () => {
  const [head, first, , third] = binBars(verdict).split("\n");

  expect(head).toMatch(/^bin +reference +now$/);
  expect(first?.match(/█+/g)?.map(({ length }) => length)).toEqual([24, 12]);
  expect(third?.match(/█+/g)?.map(({ length }) => length)).toEqual([12]);
  expect(third).toMatch(/0\.0 %.*25\.0 %$/);
});

test("no name of a bin steers the terminal or makes a line of its own", () => {
  const lines = binBars({ ...verdict, bins: ["\u001b[2Jgone", "a\nb", "\u202ec"] }).split("\n");

  expect(lines).toHaveLength(4);
  expect(lines.join("")).not.toMatch(/\p{Cc}|\p{Bidi_C}/u);
});

test.each([
  [{ fault: "MISSING", share: 0.5, expectedShare: 0.01 }, "50.0 % are missing, 1.0 % are usual"],
  [{ fault: "CONSTANT", value: 3 }, "all the same: 3"],
  [{ fault: "CONSTANT", value: null }, "all the same"],
  [{ fault: "UNIT", factor: 10 }, "looks like another unit: times 10"],
  [{ fault: "OUT_OF_RANGE", share: 0.25 }, "25.0 % lie outside of all the reference has seen"],
] as const)("a fault of values is said in words: %j", (finding, words) => {
  expect(faultWords(finding)).toBe(words);
});

const wish = { since: "24h", nowMs: 1_800_000 };
const answer = (changes: Partial<DriftAnswer["releases"][0]>): DriftAnswer => ({
  model: "digits" as never,
  releases: [
    {
      ...{ release: "a".repeat(64) as never, version: "1.0.0" as never, hasProfile: true },
      ...{
        isLearning: false,
        isProvisional: false,
        latencyMsMax: null,
        cohorts: [],
        culprits: [],
        ...changes,
      },
    },
  ],
});

test("a release without a profile, one that nobody has confirmed, and what may not be shown are named", () => {
  const cohort = { cohort: "fleet", devices: 2, cellStartMs: 0, verdicts: [], estimates: [] };

  expect(renderDrift(answer({ hasProfile: false }), wish)).toContain("no reference profile");
  const learned = answer({ isProvisional: true, cohorts: [{ ...cohort, hidden: true }] });
  expect(renderDrift(learned, wish)).toMatch(/nobody has confirmed it[\s\S]*hidden: too few/);
  expect(renderDrift(answer({}), wish)).toContain("nothing of digits was judged");
  expect(renderDrift(answer({}), { ...wish, release: "9.0.0", cohort: "site=x" })).toContain(
    "nothing of digits@9.0.0 in site=x was judged",
  );
});

test("only cohorts that have something to tell are shown unasked", () => {
  const cohort = (name: string, verdicts: readonly DistributionVerdict[]) => ({
    ...{ cohort: name, devices: 2, cellStartMs: 0, hidden: false, estimates: [] },
    verdicts: [...verdicts],
  });
  const calm = { ...verdict, status: "OK" as const, psi: 0 };
  const part = { ...calm, items: 600 };
  const cohorts = [cohort("fleet", [calm]), cohort("hall=a", [part]), cohort("hall=b", [verdict])];

  const text = renderDrift(answer({ cohorts }), wish);

  expect(text).toContain("hall=b  2 devices");
  expect(text).not.toContain("hall=a");
  expect(text).toContain("1 more cohort as its reference");
});

test("a release without a limit of latency says that latency is not judged, another does not", () => {
  const cohort = { cohort: "fleet", devices: 1, cellStartMs: 0, hidden: false, estimates: [] };
  const cohorts = [{ ...cohort, verdicts: [verdict] }];

  expect(renderDrift(answer({ cohorts }), wish)).toContain("latency is not judged");
  expect(renderDrift(answer({ cohorts, latencyMsMax: 20 }), wish)).not.toContain("latency is not");
});

test("what is one is told in the singular", () => {
  expect(plural(1, "device")).toBe("1 device");
  expect(plural(0, "device")).toBe("0 devices");
  expect(plural(2, "device")).toBe("2 devices");
  expect(verdictWords({ ...verdict, status: "INSUFFICIENT_DATA", items: 1 })).toContain("(1 item)");
});

test("taking an alert says whose it was, and what has not changed", () => {
  const [only] = firedAlert("abababababababab" as never).alerts;
  if (only === undefined) throw new Error("expected an alert");
  const before = { ...only.alert, version: 1 };
  const mine = { ...before, version: 2, state: "ACKED" as const, ackedBy: "key:1" };

  expect(acknowledgedText(before, mine, "")).toBe(`${before.id}  ACKED (key:1): yours`);
  expect(acknowledgedText(mine, mine, "")).toMatch(/it was yours already; nothing has changed$/);
  expect(acknowledgedText(mine, mine, "lamp")).toContain("the note was not written down");
  const taken = { ...mine, version: 3, ackedBy: "key:2" };
  expect(acknowledgedText(mine, taken, "")).toContain("yours, and no longer that of key:1");
});

test("an alert shows what it rests on, whose sensor it may be, and what to do", () => {
  const [only] = firedAlert("abababababababab" as never).alerts;
  if (only === undefined) throw new Error("expected an alert");
  const devices = [{ device: "cam-7" as never, psi: 3.2, items: 400 }];
  const change = { ...only.change, evidence: verdict, devices, cause: "devices" as const };
  const alert: AlertDetail = { ...only.alert, version: 1, changes: [change] };

  const text = renderAlert(alert);

  expect(text).toContain("unlike their peers: cam-7 (PSI 3.2); without them the cohort is as");
  expect(text).toContain("1970-01-01T00:00:00Z  PENDING → FIRING  told");
  expect(text).toContain(`next: modelfleet alert ack ${alert.id}`);
});

test("taking an alert that is suppressed is told as what it is", () => {
  const [only] = firedAlert("abababababababab" as never).alerts;
  if (only === undefined) throw new Error("expected an alert");
  const suppressed = { state: "SUPPRESSED", suppression: "maintenance" } as const;
  const act = { from: "SUPPRESSED", to: "SUPPRESSED", notice: null, by: "local" } as const;
  const change = { ...only.change, ...act, suppression: "maintenance" as const, note: "lamp" };
  const alert: AlertDetail = { ...only.alert, ...suppressed, version: 2, changes: [change] };

  expect(renderAlert(alert)).toContain(
    "1970-01-01T00:00:00Z  SUPPRESSED  acknowledged by local, lamp, not told: maintenance",
  );
});
