import type { FeatureProfile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { evaluationDefaults } from "../../../../controller/src/domain/drift/evaluation-policy.ts";
import { qualityVerdicts } from "../../../../controller/src/domain/drift/quality/quality-verdicts.ts";
import { rateVerdicts } from "../../../../controller/src/domain/drift/quality/rate-verdicts.ts";
import { exactSum } from "../../../../controller/src/domain/telemetry/exact-sum.ts";
import type {
  MergedSketch,
  MergedTelemetry,
} from "../../../../controller/src/domain/telemetry/merged-telemetry.ts";
import { seededRandom } from "../../../support/random.ts";
import { cellMs, cellOf, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { measuredFeature } from "../../../support/telemetry/measured-feature.ts";

const seed = 5;
const random = seededRandom(seed);
/** A temperature: mean 20, sd 4. */
const degrees = () => 20 + 4 * random.normal();
const feature = measuredFeature("x", Float64Array.from({ length: 20_000 }, degrees));
const items = 200;

/** What a device measures of such values. */
function sketchOf(values: readonly number[], more: Partial<MergedSketch> = {}): MergedSketch {
  let next = 0;
  return {
    counts: feature.count(values.length, () => values[next++] ?? 0),
    ...{ nan: 0, missing: 0 },
    sum: exactSum(values),
    sumOfSquares: exactSum(values.map((value) => value * value)),
    min: Math.min(...values),
    max: Math.max(...values),
    ...more,
  };
}

function judge(
  sketch: MergedSketch,
  {
    profile = feature.profile,
    noisedWindows = 0,
  }: { profile?: FeatureProfile; noisedWindows?: number } = {},
) {
  const { merged } = cellOf(0, [], { features: [sketch], noisedWindows });
  const cell = { startMs: 0, cellMs };
  const [verdict] = qualityVerdicts(profileOf([profile]), { cohort: "fleet", merged, cell });
  return verdict;
}

const values = (count: number, value: () => number) => Array.from({ length: count }, value);

describe(`values of a feature (seed ${seed})`, () => {
  test("as usual, there is nothing to be found", () => {
    expect(judge(sketchOf(values(items, degrees)))).toMatchObject({ status: "OK", finding: null });
  });

  test("that drift by 1 sd are values all the same", () => {
    const warmer = sketchOf(values(items, () => 4 + degrees()));

    expect(judge(warmer)).toMatchObject({ status: "OK", finding: null });
  });

  test("of which more are missing than usual are named, also those that are no numbers", () => {
    const rest = values(items, degrees);

    expect(judge(sketchOf(rest, { missing: 20 }))?.finding).toMatchObject({ fault: "MISSING" });
    expect(judge(sketchOf(rest, { nan: 20 }))?.finding).toMatchObject({ fault: "MISSING" });
    expect(judge(sketchOf([], { nan: 200, min: 0, max: 0 }))?.finding).toEqual({
      ...{ fault: "MISSING", share: 1, expectedShare: 0 },
    });
  });

  test("that are missing as often as in the reference are not named", () => {
    const profile = { ...feature.profile, missingShare: 0.1 };

    expect(judge(sketchOf(values(180, degrees), { missing: 20 }), { profile })?.finding).toBeNull();
  });

  test("that are all the same are named, and a reference that is so itself excuses them", () => {
    const stuck = sketchOf(values(items, () => 21.5));

    expect(judge(stuck)).toMatchObject({
      status: "BREACH",
      finding: { fault: "CONSTANT", value: 21.5 },
    });
    expect(judge(stuck, { profile: { ...feature.profile, sd: 0 } })?.finding).toBeNull();
  });

  test("that are all the same are found under strict privacy, too, by their bin alone", () => {
    const stuck = sketchOf(
      values(items, () => 21.5),
      { min: null, max: null },
    );

    expect(judge(stuck)?.finding).toEqual({ fault: "CONSTANT", value: null });
  });

  test.each([10, 100, 1_000, 0.1, 0.01, 0.001])("times %d are in another unit", (factor) => {
    const scaled = sketchOf(values(items, () => factor * degrees()));

    expect(judge(scaled)?.finding).toEqual({ fault: "UNIT", factor });
  });

  test("that lie outside of all the reference has seen are named, a tenth of them and not less", () => {
    const beyond = (share: number) => {
      const outside = values(items * share, () => 60 + degrees());
      return sketchOf([...values(items * (1 - share), degrees), ...outside]);
    };

    expect(judge(beyond(0.2))?.finding).toEqual({ fault: "OUT_OF_RANGE", share: 0.2 });
    expect(judge(beyond(0.05))?.finding).toBeNull();
  });

  test("of which there are 99 say nothing; of 100 they do", () => {
    expect(judge(sketchOf(values(99, () => 21.5)))?.status).toBe("INSUFFICIENT_DATA");
    expect(judge(sketchOf(values(100, () => 21.5)))?.status).toBe("BREACH");
  });

  test("with noise on them are not read for what only exact sums can tell", () => {
    const scaled = sketchOf(values(items, () => 0.1 * degrees()));

    expect(judge(scaled, { noisedWindows: 1 })?.finding).toMatchObject({ fault: "OUT_OF_RANGE" });
  });
});

describe("requests", () => {
  const judged = (more: Partial<MergedTelemetry>) =>
    rateVerdicts(
      { ...evaluationDefaults, errorShareMax: 0.05, latencyUsMax: 1_000 },
      { cohort: "fleet", merged: cellOf(0, [], more).merged, cell: { startMs: 0, cellMs } },
    );
  const failing = (requests: number, count: number) =>
    judged({ requests, errors: [{ code: "FAILED", count }] })[0];
  const latency = (offset: number) => ({ scale: 3, zeroCount: 0, offset, counts: [1_000] });

  test("may fail as often as the policy says, and no more", () => {
    expect(failing(1_000, 50)).toMatchObject({ signal: "errors", status: "OK", level: 1 });
    expect(failing(1_000, 80)).toMatchObject({ status: "BREACH", value: 0.08, limit: 0.05 });
    expect(failing(99, 99)?.status).toBe("INSUFFICIENT_DATA");
  });

  test("may take as long as the policy says, and no longer", () => {
    // Bucket 79 of scale 3 ends at 2^10 microseconds.
    expect(judged({ latency: latency(70) })[1]).toMatchObject({ signal: "latency", status: "OK" });
    expect(judged({ latency: latency(81) })[1]).toMatchObject({ status: "BREACH", limit: 1_000 });
  });

  test("are not watched where nobody says what is too much", () => {
    const policy = { ...evaluationDefaults, errorShareMax: null, latencyUsMax: null };
    const { merged } = cellOf(0, []);

    expect(rateVerdicts(policy, { cohort: "fleet", merged, cell: { startMs: 0, cellMs } })).toEqual(
      [],
    );
  });
});
