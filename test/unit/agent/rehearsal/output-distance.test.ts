import { describe, expect, test } from "vitest";
import { alarmShare, distanceMargin } from "../../../../agent/src/domain/rehearsal/chance.ts";
import { nextLook } from "../../../../agent/src/domain/rehearsal/next-look.ts";
import { outputDistance } from "../../../../agent/src/domain/rehearsal/output-distance.ts";
import { answersPerSample } from "../../../../agent/src/domain/rehearsal/persistence.ts";
import { type Random, seededRandom } from "../../../support/random.ts";

const classes = (list: Iterable<number>, bins: number) => {
  const answers = Float64Array.from(list);
  return { kind: "classes", bins, latest: () => answers } as const;
};
const values = (list: readonly number[]) =>
  ({ kind: "values", bins: 0, latest: () => Float64Array.from(list) }) as const;
const times = (count: number, value: number) => Array.from({ length: count }, () => value);

describe("the distance of two releases' answers", () => {
  test("is half of the summed differences of their shares", () => {
    // Shares 0.5 0.3 0.2 and 0.2 0.3 0.5: (0.3 + 0 + 0.3) / 2.
    const before = classes([...times(5, 0), ...times(3, 1), ...times(2, 2)], 3);
    const trial = classes([...times(2, 0), ...times(3, 1), ...times(5, 2)], 3);

    expect(outputDistance(trial, before, 1e-4)?.distance).toBeCloseTo(0.3, 12);
  });

  test.each([
    ["the same answers", times(40, 1), times(40, 1), 0],
    ["none in common", times(40, 0), times(40, 2), 1],
  ])("of %s", (_, before, trial, distance) => {
    expect(outputDistance(classes(trial, 3), classes(before, 3), 1e-4)?.distance).toBe(distance);
  });

  test("is unknown where one of them has said nothing, or something of another kind", () => {
    expect(outputDistance(classes([], 3), classes([1], 3), 1e-4)).toBeNull();
    expect(outputDistance(classes([1], 3), classes([], 3), 1e-4)).toBeNull();
    expect(outputDistance(classes([1], 3), classes([1], 4), 1e-4)).toBeNull();
    expect(outputDistance(values([1, 2]), classes([1, 2], 3), 1e-4)).toBeNull();
    // One value draws the quantiles, and none is left to be counted.
    expect(outputDistance(values([1]), values([1]), 1e-4)).toBeNull();
  });

  test("of numbers counts them between the quantiles of the release before", () => {
    const rising = Array.from({ length: 800 }, (_, i) => i);

    const same = outputDistance(values(rising), values(rising), 1e-4);
    const upperHalf = outputDistance(values(rising.slice(400)), values(rising), 1e-4);

    expect(same?.distance).toBeLessThan(0.01);
    expect(upperHalf?.distance).toBeCloseTo(0.5, 1);
  });

  test.each([
    ["above", 2],
    ["below", 0],
    ["a hair above", 1 + Number.EPSILON],
  ])("of a number that was always the same sees one %s", (_, other) => {
    const before = values(times(100, 1));

    expect(outputDistance(values(times(100, 1)), before, 1e-4)?.distance).toBe(0);
    expect(outputDistance(values(times(100, other)), before, 1e-4)?.distance).toBe(1);
  });
});

test("of numbers of two cameras that take turns is counted in both, not in one of them", () => {
  const random = seededRandom(SEED);
  // One sees numbers around 0, the other one around 100.
  const turns = Array.from({ length: 1_000 }, (_, i) => (i % 2) * 100 + random.next());

  expect(outputDistance(values(turns), values(turns), 1e-4)?.distance).toBeLessThan(0.1);
});

describe("answers that repeat the one before them", () => {
  test("count for less, as many as a chain of scenes lets expect", () => {
    const random = seededRandom(SEED);
    const each = (answers: readonly number[]) => answersPerSample(Uint16Array.from(answers), 10);

    // By the chain: (1 + ρ) / (1 − ρ) with ρ = 1 − 1 / length.
    expect(each(scenes(random, 1, 20_000))).toBeCloseTo(1, 1);
    expect(each(scenes(random, 2, 20_000))).toBeCloseTo(3, 0);
    expect(each(scenes(random, 50, 200_000)) / 99).toBeCloseTo(1, 1);
    expect(each([0, 1, 0, 1, 0, 1])).toBe(1);
    expect(each(times(100, 3))).toBe(1);
    expect(each([])).toBe(1);
  });

  test.each([
    5, 50, 300,
  ])("raise no false alarm on a camera whose scenes last %i answers, with the device's own limit", (length) => {
    const random = seededRandom(SEED);
    let [alarms, withoutRegard] = [0, 0];
    for (let device = 0; device < 20; device++) {
      const before = classes(scenes(random, length, 4_096), 10);
      const answers = scenes(random, length, 300);
      for (let answered = 1; answered <= answers.length; answered = nextLook(answered)) {
        const alarm = alarmShare(answered);
        const judged = outputDistance(classes(answers.slice(0, answered), 10), before, alarm);
        const naive = distanceMargin({ trial: answered, before: 4_096, alarm }, 10);
        if (judged !== null && judged.distance > 0.5 + judged.margin) alarms += 1;
        if (judged !== null && judged.distance > 0.5 + naive) withoutRegard += 1;
      }
    }

    expect(alarms).toBe(0);
    if (length >= 50) expect(withoutRegard).toBeGreaterThan(0);
  });
});

/** What a camera answers whose scenes last so many answers in the mean. */
function scenes(random: Random, length: number, count: number): number[] {
  const drawn = drawMany(random, shares, count);
  let scene = 0;
  return drawn.map((next, i) => {
    if (i === 0 || random.next() < 1 / length) scene = next;
    return scene;
  });
}

test("the margin is that of Hoeffding's inequality over all sets of bins", () => {
  // sqrt((1/1000 + 1/1000) / 2 · (10 · ln 2 + ln 10 000)) by hand.
  const margin = distanceMargin({ trial: 1_000, before: 1_000, alarm: 1e-4 }, 10);

  expect(margin).toBeCloseTo(0.12705, 6);
});

test("looks at every answer together use up what is allowed, and no more", () => {
  let sum = 0;
  for (let answered = 1; answered <= 1_000_000; answered++) sum += alarmShare(answered, 1e-4);

  expect(sum).toBeLessThan(1e-4);
  expect(sum).toBeGreaterThan(0.999_9e-4);
});

const SEED = 20_261_121;
const FLEET = 200;
const BEFORE = 1_000;
const TRIAL = 1_000;

/** Ten classes of unequal shares, as a camera sees them. */
const shares = [0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.04, 0.03, 0.02, 0.01];
/** A total variation distance of 0.3 from them: what the first class loses, the last one gets. */
const moved = shares.map((share, i) => share + (i === 9 ? 0.3 : i === 0 ? -0.3 : 0));

describe(`devices that each judge a trial again and again (seed ${SEED})`, () => {
  test("raise no false alarm among two hundred, where the release is as good as the one before", () => {
    const { alarms, worst } = simulate(shares);

    expect(alarms).toBe(0);
    // Without the margin each of them would have: what chance alone makes of equal distributions is far above 0.
    expect(worst).toBeGreaterThan(0.2);
  });

  test("nearly all notice an output that moved by 0.3, and before half of the answers are in", () => {
    const { alarms, answersMedian } = simulate(moved);

    expect(alarms / FLEET).toBeGreaterThan(0.95);
    expect(answersMedian).toBeLessThan(TRIAL / 2);
  });

  test("let a limit be what it says: moved by 0.3, a limit of 0.3 is not exceeded", () => {
    expect(simulate(moved, 0.3).alarms).toBe(0);
  });
});

/** Each device has seen the release before, and judges the one on trial as often as the agent does. */
function simulate(trialShares: readonly number[], limit = 0) {
  const random = seededRandom(SEED);
  const found: number[] = [];
  let worst = 0;
  for (let device = 0; device < FLEET; device++) {
    const before = classes(drawMany(random, shares, BEFORE), 10);
    const answers = drawMany(random, trialShares, TRIAL);
    for (let answered = 1; answered <= TRIAL; answered = nextLook(answered)) {
      const seen = classes(answers.slice(0, answered), 10);
      const judged = outputDistance(seen, before, alarmShare(answered));
      if (answered > 20) worst = Math.max(worst, judged?.distance ?? 0);
      if (judged === null || judged.distance <= limit + judged.margin) continue;
      found.push(answered);
      break;
    }
  }
  found.sort((left, right) => left - right);
  return {
    alarms: found.length,
    worst,
    answersMedian: found[Math.floor(found.length / 2)] ?? TRIAL,
  };
}

function drawMany(random: Random, of: readonly number[], count: number): number[] {
  return Array.from({ length: count }, () => {
    let left = random.next();
    const drawn = of.findIndex((share) => {
      left -= share;
      return left < 0;
    });
    return drawn === -1 ? of.length - 1 : drawn;
  });
}
