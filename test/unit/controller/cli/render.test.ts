import { expect, test } from "vitest";
import { bars } from "../../../../controller/cli/render/distribution.ts";
import { createLiveView } from "../../../../controller/cli/render/live-view.ts";
import { plainText } from "../../../../controller/cli/render/plain-text.ts";
import { createProgress } from "../../../../controller/cli/render/progress.ts";
import { bar } from "../../../../controller/cli/render/rollout.ts";
import { renderEvent } from "../../../../controller/cli/render/rollout-event.ts";
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

test.each([
  ["an escape sequence", "a\u001b[2Jb", "a\u{fffd}[2Jb"],
  ["one that is a single character", "a\u009b2Jb", "a\u{fffd}2Jb"],
  ["a return to the begin of the line", "failed\rfine", "failed\u{fffd}fine"],
  ["another direction of writing", "a\u202eb", "a\u{fffd}b"],
])("%s that a device wrote does not reach the terminal", (_, text, shown) => {
  expect(plainText(text)).toBe(shown);
});

test("lines, tabs and the letters of any language stay", () => {
  expect(plainText("a\n\tÄ 水 \u{1f469}\u200d\u{1f527}")).toBe(
    "a\n\tÄ 水 \u{1f469}\u200d\u{1f527}",
  );
});

test("what a device wrote makes no row of a table, no line of its own and no move of the cursor", () => {
  const detail = JSON.stringify({
    device: "cam-1",
    reason: "x\u001b[A\n2026-01-01T00:00:00Z  rollout.completed",
  });
  const event = { seq: 1, atMs: 0, actor: "device:cam-1", action: "execution.failed", detail };
  const { terminal, err } = recordedTerminal();
  const view = createLiveView({ ...terminal, screen: () => ({ columns: 80, rows: 20 }) });

  view.draw("why: \u001b]52;c;aGk=\u0007");

  expect(table(["why"], [["a\nb\u001b[A"]])).toBe("why\n──────\na b\u{fffd}[A");
  expect(renderEvent(event as never).split("\n")).toHaveLength(1);
  expect(renderEvent(event as never)).not.toContain("\u001b");
  expect(err()).toBe("why: \u{fffd}]52;c;aGk=\u{fffd}\n");
});

test("a bar keeps its width, whatever figures came", () => {
  const stage = { counted: 1, ok: 2 ** 40, bad: 2 ** 40, funnel: {} };

  expect(bar(stage as never)).toHaveLength(24);
});
