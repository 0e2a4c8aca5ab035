import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";

const brief = { withinMs: 50, everyMs: 1 };

test("a check is asked again until it holds, and its answer is returned", async () => {
  const answers = [false, null, 0, "", "there"];

  expect(await eventually(() => answers.shift(), brief)).toBe("there");
});

test("a check that only expects holds as soon as it does not throw", async () => {
  let asked = 0;

  await eventually(() => {
    asked += 1;
    expect(asked).toBe(3);
  }, brief);

  expect(asked).toBe(3);
});

test("a check that never holds fails with its last reason", async () => {
  let asked = 0;
  const check = () => Promise.reject(new Error(`not at ${++asked}`));

  const failure = eventually(check, brief);

  await expect(failure).rejects.toThrow(/^expected within 50 ms, last: not at \d+$/);
  expect(asked).toBeGreaterThan(1);
});

test("a check that never answers anything true says what it answered", async () => {
  await expect(eventually(() => false, brief)).rejects.toThrow("the check answered false");
});
