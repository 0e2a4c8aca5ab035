import { expect, test } from "vitest";
import { bars } from "../../../../controller/cli/render/distribution.ts";
import { createProgress } from "../../../../controller/cli/render/progress.ts";
import { age, table } from "../../../../controller/cli/render/table.ts";
import { recordedTerminal } from "../../../support/cli/recorded-terminal.ts";

test("the largest share is a full block, an empty one a space", () => {
  expect(bars([0, 0.5, 1])).toBe(" ▄█");
  expect(bars([0, 0])).toBe("  ");
});

test("columns are as wide as their widest cell", () => {
  expect(table(["a", "long"], [["wide cell", "x"]])).toBe(
    "a          long\n─────────  ────\nwide cell  x",
  );
});

test.each([
  [0, "0 s"],
  [119_000, "119 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
])("an age of %i ms reads %s", (ms, text) => {
  expect(age(1_000, 1_000 + ms)).toBe(text);
});

test("in a pipe, progress is one line a tenth and never more than eleven", () => {
  const recorded = recordedTerminal();
  const progress = createProgress(recorded.terminal, "uploading");

  for (let done = 0; done <= 1000; done += 1) progress.update(done, 1000);

  expect(recorded.err().trim().split("\n")).toHaveLength(11);
  expect(recorded.err()).toContain("uploading 100 %");
});
