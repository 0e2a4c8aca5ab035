import * as statistics from "@modelfleet/controller/statistics";
import { expect, test } from "vitest";

test("the controller exports the statistics of drift by their names, and nothing else", () => {
  expect(Object.keys(statistics).sort()).toEqual(
    [
      "Adwin",
      "BernoulliCusum",
      "Ddm",
      "HddmA",
      "Kswin",
      "PageHinkley",
      "benjaminiHochberg",
      "chiSquare",
      "cramersV",
      "hellinger",
      "jensenShannon",
      "ksTwoSample",
      "psi",
      "wassersteinNormalized",
    ].sort(),
  );
});

test("every detector of the controller says of each value whether it fires", () => {
  const { Adwin, BernoulliCusum, Ddm, HddmA, Kswin, PageHinkley } = statistics;
  const detectors = [Adwin, BernoulliCusum, Ddm, HddmA, Kswin, PageHinkley].map(
    (Made) => new Made(),
  );

  for (const detector of detectors) {
    const before = Array.from({ length: 1000 }, (_, i) => detector.update(i % 10 === 0 ? 1 : 0));
    const after = Array.from({ length: 1000 }, () => detector.update(1));

    expect(before, detector.constructor.name).not.toContain(true);
    expect(after, detector.constructor.name).toContain(true);
  }
});
