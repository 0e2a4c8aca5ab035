import { expect, test } from "vitest";
import { caseMaker, faultOf, judge } from "../../fuzz/run-case.ts";

const RUNS = 2_000;
const { TEST_SEED } = process.env;
const seed = Number(TEST_SEED ?? 20_261_121);

test(`no changed document is wrongly accepted or refused, in ${RUNS} cases`, {
  timeout: 120_000,
}, () => {
  console.info(`fuzzing: TEST_SEED=${seed}; more by npm run fuzz:trust`);
  const make = caseMaker(seed);

  const verdicts = Array.from({ length: RUNS }, (_, index) => judge(make(index), index % 50 === 0));
  const wrong = verdicts.flatMap((verdict, index) => {
    const fault = faultOf(verdict);
    return fault === undefined ? [] : [{ fault, index, ...verdict, bytes: undefined }];
  });

  expect(wrong).toEqual([]);
  // The run would show nothing if it only made documents that are good, or only ones that are bad.
  expect(verdicts.filter(({ isGood }) => isGood).length).toBeGreaterThan(RUNS / 10);
  expect(new Set(verdicts.map(({ native }) => native)).size).toBeGreaterThan(15);
});
