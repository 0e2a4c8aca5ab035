import { mainSlot, rehearsalLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { settled } from "../../../support/agent/manual-clock.ts";
import { rehearsalRig } from "../../../support/agent/rehearsal-rig.ts";
import { type TimedModelOptions, timedModel } from "../../../support/agent/timed-model.ts";

/** The live release answers the class x modulo 3. */
const liveAnswer = ([x = 0]: readonly number[]) => oneHot(x % 3);
/** The shadow is of another opinion about each fourth number. */
const shadowAnswer = ([x = 0]: readonly number[]) => oneHot(x % 4 === 0 ? (x + 1) % 3 : x % 3);

async function setUp(shadow: object, model: Partial<TimedModelOptions> = {}) {
  const rig = rehearsalRig();
  const { clock } = rig;
  const live = timedModel({ version: "1.0.0", clock, tookMs: 1, answer: liveAnswer });
  await rig.router.activate(mainSlot, live);
  const policy = { sharePercent: 100, comparisons: 1_000, maxMs: 60_000, ...shadow };
  const changes = { swap: { shadow: policy } };
  const options = { version: "2.0.0", clock, tookMs: 1, answer: shadowAnswer, changes };
  const trial = timedModel({ ...options, ...model });
  return { ...rig, live, trial };
}

type Rig = Awaited<ReturnType<typeof setUp>>;

/** One live request every so many milliseconds; then what runs may end. */
async function askSteadily({ ask, clock }: Rig, requests: number, everyMs = 2): Promise<void> {
  for (let x = 0; x < requests; x++) {
    void ask(x);
    await settled();
    for (let ms = 0; ms < everyMs; ms++) await clock.advance(1);
  }
  for (let ms = 0; ms < 500; ms++) await clock.advance(1);
}

test("S18: a shadow ten times as slow costs no live request anything, drops what it cannot take, and compares right", async () => {
  const rig = await setUp({ sharePercent: 100 }, { tookMs: 10 });
  const rehearsal = rig.begin(rig.trial);

  await askSteadily(rig, 200);

  expect(rig.asked).toHaveLength(200);
  expect(new Set(rig.asked.map(({ outcome }) => outcome))).toEqual(new Set(["1.0.0"]));
  expect(new Set(rig.asked.map(({ tookMs }) => tookMs))).toEqual(new Set([1]));
  const compared = rig.trial.answered;
  const dropped = 200 - compared.length;
  const agreed = compared.filter((x) => liveAnswer(x).join() === shadowAnswer(x).join()).length;
  expect(dropped).toBeGreaterThan(100);
  expect(agreed).toBeLessThan(compared.length);
  expect(rehearsal.summary()).toBe(
    `shadow: ${agreed} of ${compared.length} agree, largest difference 1, 0 not finite, 0 failed, p95 10 ms, live 1 ms, ${dropped} dropped`,
  );
});

test("a shadow is asked one request at a time, and is not promoted", async () => {
  const rig = await setUp({}, { tookMs: 10 });
  rig.begin(rig.trial);

  await askSteadily(rig, 50);

  expect(rig.trial.atOnceMax()).toBe(1);
  expect(rig.trial.promotions()).toBe(0);
});

test("no more copies wait than there is room for", async () => {
  const rig = await setUp({});
  rig.begin(rig.trial);

  // All at once: no time passes in which the shadow could take one.
  const live = Array.from({ length: rehearsalLimits.shadowQueueMax + 5 }, (_, x) => rig.ask(x));
  for (let ms = 0; ms < 100; ms++) await rig.clock.advance(1);
  await Promise.all(live);

  expect(rig.asked).toHaveLength(rehearsalLimits.shadowQueueMax + 5);
});

test("about the share that is asked for is copied, and the same requests each time", async () => {
  const copies = await Promise.all(
    [1, 2].map(async () => {
      const rig = await setUp({ sharePercent: 30 }, { tookMs: 0 });
      rig.begin(rig.trial);
      await askSteadily(rig, 400, 3);
      return rig.trial.answered.map(([x]) => x);
    }),
  );

  expect(copies[0]?.length).toBeGreaterThan(90);
  expect(copies[0]?.length).toBeLessThan(150);
  expect(copies[1]).toEqual(copies[0]);
});

describe("a shadow is judged", () => {
  test("after as many comparisons as asked for, and whoever waits is told", async () => {
    const rig = await setUp({ comparisons: 20 });
    const rehearsal = rig.begin(rig.trial);
    await askSteadily(rig, 19, 4);

    expect(rehearsal.verdict().kind).toBe("open");
    expect(rig.changes()).toBe(0);
    await askSteadily(rig, 1, 4);

    expect(rig.changes()).toBe(1);
    expect(rehearsal.verdict()).toEqual({ kind: "passed" });
  });

  test("after its time with what there is by then; without traffic it passes, and says so", async () => {
    const rig = await setUp({ maxMs: 1_000, agreementMin: 1 });
    const rehearsal = rig.begin(rig.trial);

    await rig.clock.advance(999);
    expect(rehearsal.verdict()).toEqual({ kind: "open", waitMs: 1 });
    await rig.clock.advance(1);

    expect(rehearsal.verdict()).toEqual({ kind: "passed" });
    expect(rehearsal.summary()).toBe("shadow: no traffic compared, 0 dropped");
  });

  test.each([
    ["three of four agree and 75 % must", 0.75, "passed"],
    ["three of four agree and 76 % must", 0.76, "failed"],
  ])("by its agreement: %s", async (_, agreementMin, kind) => {
    const rig = await setUp({ comparisons: 40, agreementMin });
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 40, 4);

    expect(rehearsal.verdict().kind).toBe(kind);
  });

  test("by its agreement, saying what came", async () => {
    const rig = await setUp({ comparisons: 40, agreementMin: 0.9 });
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 40, 4);

    expect(rehearsal.verdict()).toEqual({
      kind: "failed",
      failure: {
        code: "REHEARSAL_FAILED",
        detail: "shadow: expected at least 90 % agreement, got 30 of 40",
      },
    });
  });

  test.each([
    [3, "passed"],
    [2.9, "failed"],
  ])("by its time: three times the live one where %d times may be", async (latencyRatioMax, kind) => {
    const rig = await setUp({ comparisons: 20, latencyRatioMax }, { tookMs: 3 });
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 20, 8);

    expect(rehearsal.verdict().kind).toBe(kind);
  });

  test("by its time only with twenty comparisons: fewer are decided by one hiccup", async () => {
    const rig = await setUp({ comparisons: 19, latencyRatioMax: 1 }, { tookMs: 30 });
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 19, 40);

    expect(rehearsal.verdict().kind).toBe("passed");
  });
});

describe("a shadow fails at once", () => {
  test("when its process ends; the live one is asked on", async () => {
    const rig = await setUp({});
    const rehearsal = rig.begin(rig.trial);
    await askSteadily(rig, 5);

    rig.trial.crash();
    await askSteadily(rig, 5);

    expect(rehearsal.verdict()).toMatchObject({
      failure: { detail: "shadow: its runner ended: runner was ended by SIGSEGV" },
    });
    expect(rig.changes()).toBe(1);
    expect(rig.asked.map(({ outcome }) => outcome)).toEqual(new Array(10).fill("1.0.0"));
  });

  test("when it cannot answer what was answered live", async () => {
    const fails = () => {
      throw new InferError("RUN_FAILED", "no such operator");
    };
    const rig = await setUp({}, { answer: ([x = 0]) => (x === 3 ? fails() : oneHot(x % 3)) });
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 10);

    expect(rehearsal.verdict()).toMatchObject({
      kind: "failed",
      failure: { detail: textEnd("answered live: no such operator") },
    });
    expect(rig.asked).toHaveLength(10);
  });

  test("when it says NaN where the live one is finite, unless its golden file allows that", async () => {
    const answer = ([x = 0]: readonly number[]) => (x === 3 ? [Number.NaN, 0, 0] : oneHot(x % 3));
    const verdicts = await Promise.all(
      [false, true].map(async (allowsNonFinite) => {
        const rig = await setUp({ comparisons: 10 }, { answer, golden: { allowsNonFinite } });
        const rehearsal = rig.begin(rig.trial);
        await askSteadily(rig, 10, 4);
        return rehearsal.verdict().kind;
      }),
    );

    expect(verdicts).toEqual(["failed", "passed"]);
  });
});

test("an ended shadow is asked nothing more", async () => {
  const rig = await setUp({});
  const rehearsal = rig.begin(rig.trial);
  await askSteadily(rig, 5, 4);
  const answered = rig.trial.answered.length;

  await rehearsal.end();
  await rehearsal.end();
  await askSteadily(rig, 5, 4);

  expect(answered).toBe(5);
  expect(rig.trial.answered).toHaveLength(5);
});

test("a release that asks for no rehearsal has none, nor one with nothing to be compared with", async () => {
  const rig = await setUp({});
  const plain = timedModel({ version: "3.0.0", clock: rig.clock, tookMs: 1, answer: liveAnswer });

  expect(rig.beginNone(plain)).toBeNull();
  await rig.router.deactivate(mainSlot);
  expect(rig.beginNone(rig.trial)).toBeNull();
});

function oneHot(index: number): number[] {
  return [0, 1, 2].map((i) => (i === index ? 1 : 0));
}

function textEnd(text: string): unknown {
  return expect.stringMatching(new RegExp(`${text}$`));
}
