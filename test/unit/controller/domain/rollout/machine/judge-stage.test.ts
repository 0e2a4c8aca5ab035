import { StageThresholds } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { judgeStage } from "../../../../../../controller/src/domain/rollout/machine/judge-stage.ts";
import { stageFigures } from "../../../../../../controller/src/domain/rollout/machine/stage-figures.ts";
import type { StageFigures } from "../../../../../../controller/src/domain/rollout/stage.ts";

interface Judged extends z.input<typeof StageThresholds> {
  readonly n: number;
  readonly ok?: number;
  readonly bad?: number;
  readonly deferred?: number;
  readonly acknowledged?: number;
}

function judge({ n, ok = 0, bad = 0, deferred = 0, acknowledged = 0, ...thresholds }: Judged) {
  const figures: StageFigures = { counted: n, deferred, ok, bad, decided: ok + bad };
  return judgeStage({ figures, thresholds: StageThresholds.parse(thresholds), acknowledged });
}

describe("R4 in arithmetic: of 50 devices 10 % may fail, 80 % must succeed", () => {
  const stage = { n: 50, errorPercent: 10, successPercent: 80 };

  test("five failures are as many as may be", () => {
    expect(judge({ ...stage, bad: 5 })).toEqual({ kind: "wait" });
  });

  test("the sixth halts, and the sentence names count and limit", () => {
    expect(judge({ ...stage, bad: 6 })).toEqual({
      kind: "halt",
      by: "errorPercent",
      sentence: "6 of 50 devices failed, at most 10 % may, which is 5",
    });
  });

  test("with a success quorum the sixth failure still halts", () => {
    expect(judge({ ...stage, ok: 44, bad: 6 })).toMatchObject({ kind: "halt" });
    expect(judge({ ...stage, ok: 44, bad: 5 })).toEqual({ kind: "quorum" });
  });
});

describe("R5 in arithmetic: of 10 devices half may fail, 80 % must succeed", () => {
  const stage = { n: 10, errorPercent: 50, successPercent: 80 };

  test("two failures leave success possible", () => {
    expect(judge({ ...stage, bad: 2 })).toEqual({ kind: "wait" });
  });

  test("the third makes it impossible, long before all are decided", () => {
    expect(judge({ ...stage, bad: 3 })).toEqual({
      kind: "halt",
      by: "successPercent",
      sentence:
        "3 of 10 devices failed, so the 80 % that must succeed, which is 8, cannot be reached",
    });
  });

  test("five ok and five failed is complete, and no success", () => {
    expect(judge({ ...stage, ok: 5, bad: 5 })).toMatchObject({ kind: "halt" });
    expect(judge({ ...stage, ok: 5, bad: 5, acknowledged: 5 })).toEqual({ kind: "wait" });
  });
});

describe("R6 in arithmetic: of 20 devices 90 % must succeed", () => {
  const stage = { n: 20, errorPercent: 50, successPercent: 90 };

  test("the third failure halts, the second does not", () => {
    expect(judge({ ...stage, bad: 2 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, bad: 3 })).toMatchObject({ kind: "halt", by: "successPercent" });
  });
});

describe("R20 in arithmetic: what a person has acknowledged", () => {
  const stage = { n: 50, errorPercent: 10, successPercent: 80 };

  test("trips no more, the next failure does", () => {
    expect(judge({ ...stage, bad: 6, acknowledged: 6 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, bad: 7, acknowledged: 6 })).toMatchObject({
      kind: "halt",
      sentence: "7 of 50 devices failed, at most 10 % may, which is 5",
    });
  });

  test("does not keep the stage from passing", () => {
    expect(judge({ ...stage, ok: 40, bad: 6, acknowledged: 6 })).toEqual({ kind: "quorum" });
  });

  test("holds for every limit", () => {
    const known = { n: 10, bad: 6, acknowledged: 6, errorsMax: 0, fastErrorPercent: 1 };

    expect(judge({ ...known, errorPercent: 0, successPercent: 100 })).toEqual({ kind: "wait" });
  });
});

describe("each limit beside its neighbour", () => {
  test("a number of failures", () => {
    const stage = { n: 1_000, errorsMax: 3, errorPercent: 100, successPercent: 0, decidedMin: 999 };

    expect(judge({ ...stage, bad: 3 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, bad: 4 })).toEqual({
      kind: "halt",
      by: "errorsMax",
      sentence: "4 of 1000 devices failed, at most 3 may",
    });
  });

  test("no failure at all", () => {
    const stage = { n: 3, errorsMax: 0, errorPercent: 100, successPercent: 0, decidedMin: 3 };

    expect(judge({ ...stage, bad: 0 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, bad: 1 })).toMatchObject({ kind: "halt", by: "errorsMax" });
  });

  test("a share of the first that are decided, once they are enough", () => {
    const stage = {
      n: 1_000,
      errorPercent: 100,
      successPercent: 0,
      fastErrorPercent: 20,
      decidedMin: 10,
    };

    expect(judge({ ...stage, ok: 1, bad: 8 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, ok: 8, bad: 2 })).toEqual({ kind: "quorum" });
    expect(judge({ ...stage, ok: 7, bad: 3 })).toEqual({
      kind: "halt",
      by: "fastErrorPercent",
      sentence: "3 of the first 10 devices failed, at most 20 % may, which is 2",
    });
  });

  test("a share that does not come out even decides without rounding", () => {
    const stage = { n: 7, errorPercent: 100, successPercent: 70 };

    expect(judge({ ...stage, ok: 4 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, ok: 5 })).toEqual({ kind: "quorum" });
    expect(judge({ ...stage, bad: 2 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, bad: 3 })).toMatchObject({ kind: "halt", by: "successPercent" });
  });

  test("one third of three hundred is exactly at 33 %, one more is above", () => {
    const stage = { n: 300, errorPercent: 33, successPercent: 0, decidedMin: 300 };

    expect(judge({ ...stage, bad: 99 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, bad: 100 })).toMatchObject({ kind: "halt", by: "errorPercent" });
  });

  test("errors come before success, and success before the quorum", () => {
    const stage = { n: 10, ok: 5, bad: 5, errorPercent: 10, successPercent: 50 };

    expect(judge({ ...stage })).toMatchObject({ kind: "halt", by: "errorPercent" });
    expect(judge({ ...stage, errorPercent: 50 })).toEqual({ kind: "quorum" });
    expect(judge({ ...stage, errorPercent: 50, ok: 4, bad: 6 })).toMatchObject({ kind: "halt" });
  });

  test("so many must be decided before it passes, at most the whole stage", () => {
    const stage = { n: 4, successPercent: 25 };

    expect(judge({ ...stage, ok: 2, decidedMin: 3 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, ok: 3, decidedMin: 3 })).toEqual({ kind: "quorum" });
    expect(judge({ ...stage, ok: 3, decidedMin: 9 })).toEqual({ kind: "wait" });
    expect(judge({ ...stage, ok: 4, decidedMin: 9 })).toEqual({ kind: "quorum" });
  });
});

describe("R10 in arithmetic: devices that are offline at the deadline", () => {
  test("do not hold up the rest of ten", () => {
    expect(judge({ n: 7, ok: 7, deferred: 3 })).toEqual({ kind: "quorum" });
  });

  test("a stage of which nobody was there is not empty, and does not pass", () => {
    expect(judge({ n: 0, deferred: 10 })).toEqual({ kind: "wait" });
    expect(judge({ n: 0, deferred: 0 })).toEqual({ kind: "empty" });
  });

  test("count when the plan asks for more decided ones than were there", () => {
    expect(judge({ n: 7, ok: 7, deferred: 3, decidedMin: 7 })).toEqual({ kind: "quorum" });
    expect(judge({ n: 7, ok: 7, deferred: 3, decidedMin: 8 })).toEqual({ kind: "wait" });
  });
});

test("nobody has to succeed: the first that is decided passes the stage, no device at all does not", () => {
  const stage = { n: 5, successPercent: 0, errorPercent: 100 };

  expect(judge(stage)).toEqual({ kind: "wait" });
  expect(judge({ ...stage, bad: 1 })).toEqual({ kind: "quorum" });
});

describe("the figures of a stage", () => {
  test("N is without who was taken out, called off, put off, or cannot take it; who has it already is ok", () => {
    const tally = {
      queued: 1,
      offered: 2,
      waiting: 3,
      activated: 4,
      reverting: 5,
      succeeded: 6,
      failed: 7,
      rejected: 8,
      "timed-out": 9,
      "rolled-back": 10,
      canceled: 100,
      removed: 200,
      skipped: 300,
      straggler: 400,
    };

    expect(stageFigures({ tally, alreadyInstalled: 50 })).toEqual({
      counted: 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 + 50,
      deferred: 400,
      ok: 6 + 50,
      bad: 7 + 8 + 9 + 10,
      decided: 6 + 50 + 7 + 8 + 9 + 10,
    });
  });

  test("of nobody are nothing", () => {
    expect(stageFigures({ tally: {}, alreadyInstalled: 0 })).toEqual({
      counted: 0,
      deferred: 0,
      ok: 0,
      bad: 0,
      decided: 0,
    });
  });
});
