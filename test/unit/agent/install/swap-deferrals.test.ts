import { mainSlot, rehearsalLimits, Sha256 } from "@modelfleet/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SwapDeferrals } from "../../../../agent/src/app/install/swap-deferrals.ts";

const release = Sha256.parse("2".repeat(64));
const other = Sha256.parse("3".repeat(64));
const swap = { release, attempt: 1, boundMs: 1_000, isHeldUp: false };

function rig() {
  const time = { nowMs: 0 };
  const events: object[] = [];
  const note = (event: object) => void events.push(event);
  const log = { info: note, warn: note, error: note };
  const deferrals = new SwapDeferrals({
    clock: { monotonicMs: () => time.nowMs },
    log,
    decided: () => undefined,
  });
  return { time, events, deferrals };
}

test("a swap that nobody puts off takes place at once", () => {
  const { deferrals } = rig();

  expect(deferrals.judge(mainSlot, swap)).toEqual({ kind: "none" });
  expect(deferrals.ended(mainSlot)).toBeUndefined();
});

test("a swap waits until the application wants to be asked again, and not longer", () => {
  const { deferrals, time } = rig();
  deferrals.judge(mainSlot, swap);
  deferrals.defer(mainSlot, 200);

  time.nowMs = 199;
  const before = deferrals.judge(mainSlot, swap);
  time.nowMs = 200;

  expect(before).toEqual({ kind: "untold", waitMs: 1 });
  expect(deferrals.judge(mainSlot, swap)).toEqual({ kind: "none" });
});

test("a hold that was said before the swap was due counts from when it was said", () => {
  const { deferrals, time } = rig();
  deferrals.defer(mainSlot, 500);
  time.nowMs = 400;

  expect(deferrals.judge(mainSlot, swap)).toEqual({ kind: "untold", waitMs: 100 });
});

test("each decision is news once; what was told is not told again", () => {
  const { deferrals, time } = rig();
  deferrals.judge(mainSlot, swap);
  deferrals.defer(mainSlot, 200);
  deferrals.told(mainSlot);
  const told = deferrals.judge(mainSlot, swap);
  time.nowMs = 100;
  deferrals.defer(mainSlot, 200);

  expect(told.kind).toBe("told");
  expect(deferrals.judge(mainSlot, swap)).toEqual({ kind: "untold", waitMs: 200 });
  expect(deferrals.told(mainSlot)).toBe(
    "put off by an application, 2 times; it takes place in 900 ms at the latest",
  );
});

test("the controller is told of a bounded number of decisions about one swap; the next swap begins anew", () => {
  const { deferrals } = rig();
  deferrals.judge(mainSlot, swap);
  let untold = 0;
  for (let decision = 0; decision < 50; decision++) {
    deferrals.defer(mainSlot, 200);
    if (deferrals.judge(mainSlot, swap).kind !== "untold") continue;
    untold += 1;
    deferrals.told(mainSlot);
  }

  expect(untold).toBe(rehearsalLimits.deferReportsMax);
  expect(deferrals.judge(mainSlot, { ...swap, release: other }).kind).toBe("untold");
});

test("no renewal puts a swap off beyond its bound, and the end of it says so", () => {
  const { deferrals, time } = rig();
  deferrals.judge(mainSlot, swap);
  for (time.nowMs = 0; time.nowMs < 1_000; time.nowMs += 100) {
    deferrals.defer(mainSlot, 3_600_000);
    expect(deferrals.judge(mainSlot, swap)).toMatchObject({ waitMs: 1_000 - time.nowMs });
  }

  expect(deferrals.judge(mainSlot, swap)).toEqual({ kind: "none" });
  expect(deferrals.ended(mainSlot)).toBe(
    "put off by an application for 1000 ms, until the bound of 1000 ms ended it",
  );
});

test("a bound of zero lets nobody put a swap off", () => {
  const { deferrals } = rig();
  deferrals.defer(mainSlot, 3_600_000);

  expect(deferrals.judge(mainSlot, { ...swap, boundMs: 0 })).toEqual({ kind: "none" });
});

test("an operator who shortens the bound shortens the wait, counted from when the swap was due", () => {
  const { deferrals, time } = rig();
  deferrals.judge(mainSlot, swap);
  deferrals.defer(mainSlot, 3_600_000);
  time.nowMs = 300;

  expect(deferrals.judge(mainSlot, { ...swap, boundMs: 400 })).toMatchObject({ waitMs: 100 });
});

test("the status tells an application what waits, since when, and when it takes place whatever is said", () => {
  const { deferrals, time } = rig();
  const idle = deferrals.status(mainSlot);
  deferrals.judge(mainSlot, swap);
  time.nowMs = 250;
  const waiting = deferrals.defer(mainSlot, 300);
  time.nowMs = 600;

  expect(idle).toEqual({ slot: "main", deferredMs: 0, waiting: null });
  expect(waiting).toEqual({
    ...{ slot: "main", deferredMs: 300 },
    waiting: { release, waitedMs: 250, forcedInMs: 750 },
  });
  expect(deferrals.status(mainSlot)).toEqual({
    ...{ slot: "main", deferredMs: 0 },
    waiting: { release, waitedMs: 600, forcedInMs: 400 },
  });
});

test("whatever applications say and when, a swap waits at most its bound and never after the last hold", () => {
  const moment = fc.record({
    afterMs: fc.integer({ min: 0, max: 400 }),
    holdMs: fc.option(fc.integer({ min: 100, max: 3_000 })),
  });
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 30 }), (moments) => {
      const { deferrals, time } = rig();
      let heldUntilMs = 0;
      deferrals.judge(mainSlot, swap);
      for (const { afterMs, holdMs } of moments) {
        time.nowMs += afterMs;
        if (holdMs !== null) {
          deferrals.defer(mainSlot, holdMs);
          heldUntilMs = time.nowMs + holdMs;
        }
        const judged = deferrals.judge(mainSlot, swap);
        const waitMs = "waitMs" in judged ? judged.waitMs : 0;
        expect(waitMs).toBe(Math.max(0, Math.min(heldUntilMs, swap.boundMs) - time.nowMs));
      }
    }),
  );
});

test("the bound does not run while something else holds a swap up, and does not stop once it runs", () => {
  const { deferrals, time } = rig();
  deferrals.judge(mainSlot, { ...swap, isHeldUp: true });
  time.nowMs = 5_000;
  const heldUp = deferrals.defer(mainSlot, 3_600_000);
  const due = deferrals.judge(mainSlot, swap);
  time.nowMs = 5_400;
  deferrals.judge(mainSlot, { ...swap, isHeldUp: true });
  time.nowMs = 5_700;

  expect(heldUp.waiting).toEqual({ release, waitedMs: 0, forcedInMs: null });
  expect(due).toMatchObject({ waitMs: 1_000 });
  expect(deferrals.judge(mainSlot, swap)).toMatchObject({ waitMs: 300 });
});

test("a release is denied by its name, and whoever denies it is answered when that is on disk", async () => {
  const { deferrals, events } = rig();
  deferrals.judge(mainSlot, { ...swap, isHeldUp: true });
  const wrong = await deferrals.deny(mainSlot, other, "not now");
  const answers: boolean[] = [];
  const denied = deferrals.deny(mainSlot, release, "not now").then((is) => answers.push(is));
  const again = deferrals.deny(mainSlot, release, "never").then((is) => answers.push(is));
  await Promise.resolve();
  const before = [...answers];

  expect([wrong, before]).toEqual([false, []]);
  expect(deferrals.denied(mainSlot, release)).toMatchObject({ reason: "not now", attempt: 1 });
  expect(deferrals.denied(mainSlot, other)).toBeNull();
  deferrals.refused(mainSlot);
  await Promise.all([denied, again]);
  expect(answers).toEqual([true, true]);
  expect(deferrals.denied(mainSlot, release)).toBeNull();
  expect(events.filter((event) => "reason" in event)).toHaveLength(2);
});

test("a denial that comes when the release begins to serve, or is called off, was too late and says so", async () => {
  const { deferrals } = rig();
  deferrals.judge(mainSlot, swap);
  const denied = deferrals.deny(mainSlot, release, "not now");

  deferrals.ended(mainSlot);

  expect(await denied).toBe(false);
  expect(await deferrals.deny(mainSlot, release, "not now")).toBe(false);
  expect(deferrals.denied(mainSlot, release)).toBeNull();
});

test("a higher attempt of a release that waits is told anew what was said, and its bound goes on", () => {
  const { deferrals, time } = rig();
  deferrals.defer(mainSlot, 3_600_000);
  deferrals.judge(mainSlot, swap);
  deferrals.told(mainSlot);
  time.nowMs = 400;
  const first = deferrals.judge(mainSlot, swap);

  const second = deferrals.judge(mainSlot, { ...swap, attempt: 2 });
  deferrals.told(mainSlot);

  expect(first).toEqual({ kind: "told", waitMs: 600 });
  expect(second).toEqual({ kind: "untold", waitMs: 600 });
  expect(deferrals.judge(mainSlot, { ...swap, attempt: 2 })).toEqual({ kind: "told", waitMs: 600 });
});

test("a denial is of the newest attempt that waits, however often it is said", () => {
  const { deferrals } = rig();
  deferrals.judge(mainSlot, swap);
  void deferrals.deny(mainSlot, release, "not now");
  deferrals.judge(mainSlot, { ...swap, attempt: 2 });
  const before = deferrals.denied(mainSlot, release);

  void deferrals.deny(mainSlot, release, "not now");

  expect(before).toMatchObject({ attempt: 1 });
  expect(deferrals.denied(mainSlot, release)).toMatchObject({ attempt: 2 });
});
