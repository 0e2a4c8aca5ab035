import { digest8, feedbackLimits, mainSlot } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { classifier, labelRig, threeClasses, windowMs } from "../../../support/agent/label-rig.ts";
import { settled } from "../../../support/agent/manual-clock.ts";
import { rows } from "../../../support/telemetry/observations.ts";

const dayMs = 86_400_000;

describe("a label", () => {
  test("counts for the window its prediction was made in, long after that has closed", async () => {
    const { predict, give, clock, desk, told, staged, startMs } = labelRig();
    predict("first", [1]);
    await clock.advance(3 * dayMs);
    predict("second", [0]);

    expect(give({ id: "first", label: "worn" })).toMatchObject({ labelled: 1, errors: 0 });
    expect(give({ id: "second", label: 2 })).toMatchObject({ labelled: 1, errors: 1 });
    desk.flush();

    const at = (ms: number) => Math.floor(ms / windowMs) * windowMs;
    const identity = { slot: mainSlot, release: digest8(staged.release), durationMs: windowMs };
    expect(told).toEqual([
      { ...identity, output: 0, startMs: at(startMs), labelled: 1, errors: 0, drift: [] },
      {
        ...identity,
        output: 0,
        startMs: at(startMs + 3 * dayMs),
        labelled: 1,
        errors: 1,
        drift: [],
      },
    ]);
  });

  test("given twice counts once; another one for the same prediction is refused", () => {
    const { predict, give, desk, told } = labelRig();
    predict("a", [1]);

    expect(give({ id: "a", label: "worn" })).toMatchObject({ labelled: 1, isRepeated: false });
    expect(give({ id: "a", label: 1 })).toMatchObject({ labelled: 0, isRepeated: true });
    expect(() => give({ id: "a", label: "broken" })).toThrow(
      expect.objectContaining({ code: "LABELLED" }),
    );
    desk.flush();

    expect(told).toMatchObject([{ labelled: 1, errors: 0 }]);
  });

  test("of an answer of several rows is a list; what is not known counts nowhere", () => {
    const { predict, give, desk, told } = labelRig();
    predict("rows", [0, 1, 2, 2]);

    const answer = give({ id: "rows", label: ["good", null, "broken", "worn"] });
    desk.flush();

    expect(answer).toMatchObject({ labelled: 3, errors: 1 });
    expect(told).toMatchObject([{ labelled: 3, errors: 1 }]);
  });

  test("for a row that was counted nowhere counts nowhere", () => {
    const { desk, give, staged, told } = labelRig();
    const y = [
      [0.1, Number.NaN, 0.2],
      [0.9, 0.1, 0],
    ];
    desk.observe({ slot: mainSlot, staged, id: "nan", outputs: [rows("y", y)] });

    expect(give({ id: "nan", label: [1, 1] })).toMatchObject({ labelled: 1, errors: 1 });
    desk.flush();
    expect(told).toMatchObject([{ labelled: 1, errors: 1 }]);
  });

  test.each([
    ["an unknown id", { id: "never", label: 1 }, "NOT_FOUND"],
    ["no id", { label: 1 }, "FORMAT"],
    [
      "an id that is too long",
      { id: "i".repeat(feedbackLimits.idLengthMax + 1), label: 1 },
      "FORMAT",
    ],
    ["a class the release does not have", { id: "a", label: "rusty" }, "FORMAT"],
    ["an index that is one too high", { id: "a", label: 3 }, "FORMAT"],
    ["a negative index", { id: "a", label: -1 }, "FORMAT"],
    ["half an index", { id: "a", label: 0.5 }, "FORMAT"],
    ["no label", { id: "a" }, "FORMAT"],
    ["a label that says nothing", { id: "a", label: null }, "FORMAT"],
    ["one label too many", { id: "a", label: [1, 1] }, "FORMAT"],
    ["one label too few", { id: "a", label: [] }, "FORMAT"],
    ["an output the release does not have", { id: "a", output: "colour", label: 1 }, "FORMAT"],
    ["no object", [], "FORMAT"],
  ])("with %s is refused, and the right one still counts", (_, body, code) => {
    const { predict, give, desk, told } = labelRig();
    predict("a", [1]);

    expect(() => give(body)).toThrow(expect.objectContaining({ code }));
    expect(give({ id: "a", output: "kind", label: 1 })).toMatchObject({ labelled: 1 });
    desk.flush();
    expect(told).toHaveLength(1);
  });

  test("for another model or version is refused, naming whose prediction it was", () => {
    const { predict, give, desk, told } = labelRig();
    predict("a", [1]);
    predict("b", [1], classifier("bearing", "2.0.0"));

    expect(() => give({ id: "a", label: 1 }, "gear")).toThrow("got one of bearing 1.0.0");
    expect(() => give({ id: "a", label: 1 }, "bearing", "2.0.0")).toThrow("of bearing 1.0.0");
    expect(give({ id: "b", label: 1 }, "bearing", "2.0.0")).toMatchObject({ version: "2.0.0" });
    desk.flush();
    expect(told).toHaveLength(1);
  });

  test("names its output where there are several", () => {
    const outputs = [threeClasses("kind"), threeClasses("shape", ["a", "b", "c"])];
    const { predict, give, desk, told } = labelRig(outputs);
    predict("a", [1]);

    expect(() => give({ id: "a", label: 1 })).toThrow("output: expected one of kind, shape");
    give({ id: "a", output: "shape", label: "a" });
    give({ id: "a", output: "kind", label: "worn" });
    desk.flush();
    expect(told).toMatchObject([
      { output: 0, errors: 0 },
      { output: 1, errors: 1 },
    ]);
  });
});

describe("predictions", () => {
  test("with the same id of two releases: the newest is meant, unless the label names the version", async () => {
    const { predict, give, clock } = labelRig();
    for (const id of ["one", "other"]) predict(id, [1]);
    await clock.advance(1);
    for (const id of ["one", "other"]) predict(id, [2], classifier("bearing", "2.0.0"));

    expect(give({ id: "one", label: 2 })).toMatchObject({ version: "2.0.0", errors: 0 });
    const named = give({ id: "other", label: 1 }, "bearing", "1.0.0");
    expect(named).toMatchObject({ version: "1.0.0", errors: 0 });
  });

  test("are remembered for so long, and not a millisecond longer", async () => {
    const { predict, give, clock } = labelRig();
    predict("a", [1]);
    predict("b", [1]);

    await clock.advance(feedbackLimits.predictionAgeMsMax);
    expect(give({ id: "a", label: 1 })).toMatchObject({ labelled: 1 });
    await clock.advance(1);
    expect(() => give({ id: "b", label: 1 })).toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
  });

  test("are remembered so many of a release, the oldest go first, and those of another release stay", () => {
    const { predict, give } = labelRig();
    predict("other", [0], classifier("gear"));
    for (let i = 0; i <= feedbackLimits.predictionsPerReleaseMax; i++) predict(`id-${i}`, [1]);

    expect(() => give({ id: "id-0", label: 1 })).toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
    expect(give({ id: "id-1", label: 1 })).toMatchObject({ labelled: 1 });
    expect(give({ id: "other", label: 0 }, "gear")).toMatchObject({ labelled: 1 });
  });

  test("of the release that was asked longest ago are forgotten, and what was counted of it is told", () => {
    const { predict, give, told } = labelRig();
    predict("a", [1], classifier("bearing", "0.0.0"));
    give({ id: "a", label: 1 });
    for (let i = 1; i <= feedbackLimits.releasesMax; i++) {
      predict("b", [1], classifier("bearing", `${i}.0.0`));
    }

    expect(told).toMatchObject([{ labelled: 1, errors: 0 }]);
    expect(() => give({ id: "a", label: 1 })).toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
  });

  test("of too many rows are not remembered, of one row less they are", () => {
    const { predict, give } = labelRig();
    const most = Array<number>(feedbackLimits.itemsPerPredictionMax).fill(1);
    predict("most", most);
    predict("more", [...most, 1]);

    expect(give({ id: "most", label: most })).toMatchObject({ labelled: most.length, errors: 0 });
    expect(() => give({ id: "more", label: 1 })).toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
  });

  test("of a release have so many rows together, and the oldest make room", () => {
    const { predict, give } = labelRig();
    const { itemsPerReleaseMax, itemsPerPredictionMax } = feedbackLimits;
    const most = Array<number>(itemsPerPredictionMax).fill(1);
    const fitting = itemsPerReleaseMax / itemsPerPredictionMax;
    for (let i = 0; i < fitting; i++) predict(`id-${i}`, most);
    expect(give({ id: "id-0", label: most })).toMatchObject({ errors: 0 });
    predict("one", [1]);

    expect(() => give({ id: "id-0", label: most })).toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
    expect(give({ id: "id-1", label: most })).toMatchObject({ labelled: itemsPerPredictionMax });
  });

  test("without an id, or of a release that has no classes, are not remembered", () => {
    const plain = labelRig([]);
    plain.predict("a", [1]);
    const { desk, staged, give } = labelRig();
    desk.observe({ slot: mainSlot, staged, outputs: [rows("y", [[1, 0, 0]])] });

    expect(() => plain.give({ id: "a", label: 1 })).toThrow("id: expected that of a prediction");
    expect(() => give({ id: "", label: 1 })).toThrow("id: expected that of a prediction");
  });

  test("that come again under an id take its place", () => {
    const { predict, give } = labelRig();
    predict("a", [1]);
    give({ id: "a", label: 1 });
    predict("a", [2]);

    expect(give({ id: "a", label: 1 })).toMatchObject({ labelled: 1, errors: 1 });
  });

  test("under an id that came again stay when the older one is forgotten", () => {
    const { predict, give } = labelRig();
    predict("a", [1]);
    for (let i = 2; i < feedbackLimits.predictionsPerReleaseMax; i++) predict(`id-${i}`, [1]);
    predict("a", [2]);
    predict("next", [1]);

    expect(give({ id: "a", label: 2 })).toMatchObject({ labelled: 1, errors: 0 });
  });

  test("keep their window and their age when the clock is set", () => {
    const { predict, give, set, desk, told, startMs } = labelRig();
    predict("a", [1]);
    set(30 * dayMs);

    expect(give({ id: "a", label: 1 })).toMatchObject({ labelled: 1 });
    desk.flush();
    expect(told).toMatchObject([{ startMs: Math.floor(startMs / windowMs) * windowMs }]);
  });
});

describe("increments", () => {
  test("are told when the window ends in which the first of them came, and add up", async () => {
    const { predict, give, clock, desk, told } = labelRig();
    const stop = new AbortController();
    const done = desk.run(stop.signal);
    for (const id of ["a", "b", "c"]) predict(id, [1]);
    give({ id: "a", label: 1 });
    give({ id: "b", label: 0 });
    await clock.advance(windowMs / 2);
    const early = [...told];
    await clock.advance(windowMs / 2 + 1_000);
    await clock.advance(windowMs);
    give({ id: "c", label: 0 });
    desk.flush();
    stop.abort();
    await settled();
    await done;

    expect(early).toEqual([]);
    expect(told).toMatchObject([
      { labelled: 2, errors: 1 },
      { labelled: 1, errors: 1 },
    ]);
  });

  test("of many windows do not wait", async () => {
    const { predict, give, clock, desk, told } = labelRig();
    const most = feedbackLimits.windowsPendingMax;
    for (let i = 0; i < most; i++) {
      predict(`id-${i}`, [1]);
      await clock.advance(windowMs);
    }
    const stop = new AbortController();
    const done = desk.run(stop.signal);
    for (let i = 0; i < most - 1; i++) give({ id: `id-${i}`, label: 1 });
    await clock.advance(1_000);
    const before = told.length;
    give({ id: `id-${most - 1}`, label: 1 });
    await clock.advance(1_000);
    stop.abort();
    await done;

    expect(before).toBe(0);
    expect(told).toHaveLength(most);
  });
});
