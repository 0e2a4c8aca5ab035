import { mainSlot } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { settled } from "../../../support/agent/manual-clock.ts";
import { rehearsalRig } from "../../../support/agent/rehearsal-rig.ts";
import { type TimedModelOptions, timedModel } from "../../../support/agent/timed-model.ts";

/** Turns every two requests, so that stable one and canary, who take turns as well, both see both classes. */
const answer = ([x = 0]: readonly number[]) => (x % 4 < 2 ? [1, 0] : [0, 1]);

async function setUp(swap: object, model: Partial<TimedModelOptions> = {}) {
  const rig = rehearsalRig();
  const { clock } = rig;
  const live = timedModel({ version: "1.0.0", clock, tookMs: 1, answer });
  await rig.router.activate(mainSlot, live);
  const options = { version: "2.0.0", clock, tookMs: 1, answer, changes: { swap } };
  const trial = timedModel({ ...options, ...model });
  return { ...rig, live, trial };
}

type Rig = Awaited<ReturnType<typeof setUp>>;

async function askSteadily({ ask, clock }: Rig, requests: number): Promise<void> {
  for (let x = 0; x < requests; x++) {
    void ask(x);
    await settled();
    for (let ms = 0; ms < 4; ms++) await clock.advance(1);
  }
}

const half = { weightPercent: 50, answers: 20, maxMs: 60_000 };
const answeredBy = (rig: Rig, version: string) =>
  rig.asked.filter(({ outcome }) => outcome === version).length;

test("a canary answers its share until it has given as many answers as asked for; then the stable one alone", async () => {
  const rig = await setUp({ canary: half });
  const rehearsal = rig.begin(rig.trial);
  expect(rehearsal.stage()).toBe("canary");

  await askSteadily(rig, 60);

  expect(rehearsal.verdict()).toEqual({ kind: "passed" });
  expect(answeredBy(rig, "2.0.0")).toBe(20);
  expect(answeredBy(rig, "1.0.0")).toBe(40);
  expect(rig.changes()).toBe(1);
  expect(rehearsal.summary()).toMatch(
    /^canary: 20 of 20 answered, 0 not finite, beside \d+ of the stable one$/,
  );
});

test("a canary follows the shadow that it was asked for with", async () => {
  const shadow = { sharePercent: 100, comparisons: 10, maxMs: 60_000 };
  const rig = await setUp({ shadow, canary: half });
  const rehearsal = rig.begin(rig.trial);

  await askSteadily(rig, 9);
  expect(rehearsal.stage()).toBe("shadow");
  expect(answeredBy(rig, "1.0.0")).toBe(9);
  await askSteadily(rig, 2);

  expect(rehearsal.stage()).toBe("canary");
  expect(rehearsal.verdict().kind).toBe("open");
  await askSteadily(rig, 60);
  expect(rehearsal.verdict()).toEqual({ kind: "passed" });
  expect(rehearsal.summary()).toMatch(/^shadow: 1\d of 1\d agree, .*; canary: 20 of 20 answered/);
});

test("after its time a canary passes with what there is; without traffic, saying so", async () => {
  const rig = await setUp({ canary: { ...half, maxMs: 1_000 } });
  const rehearsal = rig.begin(rig.trial);

  await rig.clock.advance(999);
  expect(rehearsal.verdict().kind).toBe("open");
  await rig.clock.advance(1);

  expect(rehearsal.verdict()).toEqual({ kind: "passed" });
  expect(rehearsal.summary()).toBe("canary: no traffic");
});

test("a canary goes on when the process of the stable one has to be started again", async () => {
  const rig = await setUp({ canary: half });
  const rehearsal = rig.begin(rig.trial);
  await askSteadily(rig, 10);

  rig.live.crash();
  const { clock } = rig;
  await rig.router.activate(mainSlot, timedModel({ version: "1.0.0", clock, tookMs: 1, answer }));
  await askSteadily(rig, 50);

  expect(rehearsal.verdict()).toEqual({ kind: "passed" });
  expect(answeredBy(rig, "2.0.0")).toBe(20);
  expect(rehearsal.summary()).toMatch(/^canary: 20 of 20 answered/);
});

test("a canary is compared with one release only: with another it begins anew", async () => {
  const rig = await setUp({ canary: { ...half, answers: 1_000 } });
  const rehearsal = rig.begin(rig.trial);
  await askSteadily(rig, 40);

  const { clock } = rig;
  await rig.router.activate(mainSlot, timedModel({ version: "3.0.0", clock, tookMs: 1, answer }));
  await askSteadily(rig, 10);

  const beside = answeredBy(rig, "3.0.0");
  expect(beside).toBeGreaterThan(3);
  expect(rehearsal.summary()).toMatch(new RegExp(`beside ${beside} of the stable one$`));
});

test("requests that waited too long for anybody to be asked are not held against a canary", async () => {
  const rig = await setUp({ canary: { ...half, weightPercent: 100 } }, { tookMs: 6_000 });
  const rehearsal = rig.begin(rig.trial);

  // More than the release can do in a minute, which is what its callers wait.
  const asked = Array.from({ length: 30 }, (_, x) => rig.ask(x));
  for (let second = 0; second < 70; second++) await rig.clock.advance(1_000);
  await Promise.all(asked);

  const late = rig.asked.filter(({ outcome }) => outcome === "DEADLINE_EXCEEDED");
  expect(late.length).toBeGreaterThan(10);
  expect(rehearsal.verdict().kind).not.toBe("failed");
});

describe("a canary is taken away at once", () => {
  test("when its process ends: every request is answered, by the stable one", async () => {
    const rig = await setUp({ canary: { ...half, answers: 1_000 } });
    const rehearsal = rig.begin(rig.trial);
    await askSteadily(rig, 10);
    // On their way when it dies.
    const underWay = [rig.ask(100), rig.ask(101), rig.ask(102)];
    await settled();

    rig.trial.crash();
    await settled();
    await askSteadily(rig, 20);
    await Promise.all(underWay);

    expect(rehearsal.verdict()).toMatchObject({
      kind: "failed",
      failure: { code: "REHEARSAL_FAILED", detail: textLike("its runner ended") },
    });
    expect(rig.asked).toHaveLength(33);
    expect(rig.asked.filter(({ outcome }) => !/^[12]\.0\.0$/.test(outcome))).toEqual([]);
    expect(rig.asked.slice(-20).map(({ outcome }) => outcome)).toEqual(new Array(20).fill("1.0.0"));
  });

  test("when it says NaN", async () => {
    const rig = await setUp(
      { canary: half },
      { answer: ([x = 0]) => (x > 9 ? [Number.NaN, 0] : answer([x])) },
    );
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 40);

    expect(rehearsal.verdict()).toMatchObject({
      failure: { detail: textLike("expected finite answers") },
    });
    expect(rig.asked.slice(-20).map(({ outcome }) => outcome)).toEqual(new Array(20).fill("1.0.0"));
  });

  test("when it answers something else than the stable one does meanwhile", async () => {
    const canary = { ...half, answers: 1_000 };
    const probation = { outputDistanceMax: 0.1 };
    const rig = await setUp({ canary, probation }, { answer: () => [1, 0] });
    const rehearsal = rig.begin(rig.trial);

    await askSteadily(rig, 600);

    expect(rehearsal.verdict()).toMatchObject({
      failure: {
        code: "REHEARSAL_FAILED",
        detail: textLike("canary: output y: expected its distance"),
      },
    });
    expect(rig.asked.slice(-20).map(({ outcome }) => outcome)).toEqual(new Array(20).fill("1.0.0"));
  });
});

const failsAtThree = ([x = 0]: readonly number[]) => {
  if (x === 3) throw new InferError("RUN_FAILED", "no such operator");
  return answer([x]);
};

test.each([
  ["by itself a device bears no failed answer of a canary", {}, "failed"],
  ["as many as the release has signed are borne", { failedShareMax: 0.1 }, "passed"],
])("%s", async (_, probation, kind) => {
  const rig = await setUp(
    { canary: { ...half, weightPercent: 100 }, probation },
    { answer: failsAtThree },
  );
  const rehearsal = rig.begin(rig.trial);

  await askSteadily(rig, 25);

  expect(rehearsal.verdict().kind).toBe(kind);
  // The stable one answers what the canary fails at.
  expect(rig.asked.filter(({ outcome }) => !/^[12]\.0\.0$/.test(outcome))).toEqual([]);
  expect(rig.asked.find(({ x }) => x === 3)?.outcome).toBe("1.0.0");
});

test("an ended canary answers nothing more, and its end may be repeated", async () => {
  const rig = await setUp({ canary: half });
  const rehearsal = rig.begin(rig.trial);
  await askSteadily(rig, 4);
  const answered = answeredBy(rig, "2.0.0");

  await rehearsal.end();
  await rehearsal.end();
  await askSteadily(rig, 10);

  expect(answered).toBeGreaterThan(0);
  expect(answeredBy(rig, "2.0.0")).toBe(answered);
});

test("a rehearsal that was ended in its shadow begins no canary, whoever asks for its verdict", async () => {
  const shadow = { sharePercent: 100, comparisons: 10, maxMs: 1_000 };
  const rig = await setUp({ shadow, canary: { ...half, weightPercent: 100 } });
  const rehearsal = rig.begin(rig.trial);

  await rehearsal.end();
  await rig.clock.advance(2_000);
  rehearsal.verdict();
  await askSteadily(rig, 4);

  expect(answeredBy(rig, "1.0.0")).toBe(4);
  expect(rig.trial.promotions()).toBe(0);
});

function textLike(text: string): unknown {
  return expect.stringContaining(text);
}
