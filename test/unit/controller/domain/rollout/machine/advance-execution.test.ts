import type { ExecutionState } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { isExecutionTransition } from "../../../../../../controller/src/domain/rollout/machine/execution-table.ts";
import {
  at,
  fresh,
  item,
  lived,
  MINUTE_MS,
  offered,
  ours,
  refusedFor,
  report,
  slot,
  succeeded,
} from "../../../../../support/rollout-machine/execution-facts.ts";

const rejected = lived([0, { kind: "offer", seq: 7 }], [1, refusedFor("GOLDEN_MISMATCH")]);
const deferred = lived(
  [0, { kind: "offer", seq: 7 }],
  [1, { kind: "deadline", isOnline: false, stragglers: "defer" }],
);

describe("an order", () => {
  test("is an attempt, and its timers begin", () => {
    expect(offered).toEqual({
      ...fresh,
      state: "offered",
      attempts: 1,
      seq: 7,
      offeredAtMs: 0,
      attemptAtMs: 0,
      dueAtMs: 10 * MINUTE_MS,
    });
  });

  test("is not given twice, nor under an old sequence", () => {
    const again = lived([0, { kind: "offer", seq: 7 }], [1, refusedFor("LOAD_TIMEOUT")]);
    const nowMs = again.dueAtMs ?? 0;

    expect(at(offered, 1, { kind: "offer", seq: 8 }).next).toBe(offered);
    expect(at(again, nowMs, { kind: "offer", seq: 7 }).next).toBe(again);
    expect(at(again, nowMs, { kind: "offer", seq: 8 }).next.attempts).toBe(2);
  });

  test("is not given before the back-off is over", () => {
    const waiting = lived([0, { kind: "offer", seq: 7 }], [1, refusedFor("LOAD_TIMEOUT")]);
    const endMs = waiting.dueAtMs ?? 0;

    expect(at(waiting, endMs - 1, { kind: "offer", seq: 8 }).next).toBe(waiting);
    expect(at(waiting, endMs, { kind: "offer", seq: 8 }).next.state).toBe("offered");
  });
});

describe("calling off and taking out", () => {
  const cancel = { kind: "cancel", code: "EXCLUDED", detail: "in repair" } as const;

  test("what has not begun to serve is called off, and says why", () => {
    const warming = at(offered, 1, report(7, [item("loading")])).next;

    for (const open of [fresh, offered, warming, deferred]) {
      const { next, steps } = at(open, 2, cancel);
      expect(next).toMatchObject({ state: "canceled", code: "EXCLUDED", detail: "in repair" });
      expect(steps).toEqual([{ from: open.state, to: "canceled", code: "EXCLUDED" }]);
    }
  });

  test("what serves is not called off", () => {
    const activated = at(offered, 1, report(7, [item("activated")], slot({ trial: ours }))).next;

    for (const serving of [activated, succeeded]) {
      expect(at(serving, 2, cancel)).toEqual({ next: serving, steps: [] });
    }
  });

  test("what is decided stays counted when the device leaves", () => {
    const remove = { kind: "remove", code: "REVOKED_DEVICE" } as const;

    expect(at(offered, 1, remove).next.state).toBe("removed");
    expect(at(deferred, 1, remove).next.state).toBe("removed");
    expect(at(rejected, 1, remove).next).toBe(rejected);
    expect(at(succeeded, 1, remove).next).toBe(succeeded);
  });

  test("only what has no order yet is skipped", () => {
    const skip = { kind: "skip", code: "PINNED", detail: null } as const;

    expect(at(fresh, 1, skip).next).toMatchObject({ state: "skipped", code: "PINNED" });
    expect(at(offered, 1, skip).next).toBe(offered);
  });
});

describe("the way back", () => {
  test("is taken by whoever was given an order, also after an end of its own", () => {
    for (const ordered of [offered, succeeded, rejected, deferred]) {
      const { next } = at(ordered, 5, { kind: "revert", seq: 9 });
      expect(next).toMatchObject({ state: "reverting", seq: 9, dueAtMs: null });
    }
  });

  test("ends when the release serves no more, and not before the device holds the order", () => {
    const reverting = at(succeeded, 5, { kind: "revert", seq: 9 }).next;

    expect(at(reverting, 6, report(8)).next).toBe(reverting);
    expect(at(reverting, 6, report(9, [], slot({ active: ours }))).next).toBe(reverting);
    expect(at(reverting, 6, report(9)).next).toMatchObject({
      state: "rolled-back",
      code: "REVERTED",
    });
  });

  test("is not taken twice", () => {
    const back = lived(
      [0, { kind: "offer", seq: 7 }],
      [1, { kind: "revert", seq: 9 }],
      [2, report(9)],
    );

    expect(back.state).toBe("rolled-back");
    expect(at(back, 3, { kind: "revert", seq: 10 }).next).toBe(back);
  });

  test("is called off for whoever was never given an order", () => {
    expect(at(fresh, 1, { kind: "revert", seq: 9 }).next).toMatchObject({
      state: "canceled",
      code: "REVERTED",
    });
  });

  test("is none where there is nothing to go back to: a device is never left without a model", () => {
    const kept = at(succeeded, 5, { kind: "revert", seq: null });

    expect(kept.next).toEqual({ ...succeeded, code: "NO_PREVIOUS" });
    expect(kept.steps).toEqual([]);
  });

  test("that there is nothing to go back to stays true when the device is confirmed later", () => {
    const activated = at(offered, 1, report(7, [item("activated")], slot({ trial: ours }))).next;
    const kept = at(activated, 2, { kind: "revert", seq: null }).next;

    expect(at(kept, 3, report(7, [item("confirmed")], slot({ active: ours }))).next).toMatchObject({
      state: "succeeded",
      code: "NO_PREVIOUS",
    });
  });
});

describe("an operator's retry", () => {
  test("gives one attempt more, however many there were", () => {
    const failed = lived(
      [0, { kind: "offer", seq: 7 }],
      [1, refusedFor("LOAD_TIMEOUT")],
      [10 * MINUTE_MS, { kind: "offer", seq: 8 }],
      [10 * MINUTE_MS, report(8, [item("refused", { code: "LOAD_TIMEOUT" })])],
      [30 * MINUTE_MS, { kind: "offer", seq: 9 }],
      [30 * MINUTE_MS, report(9, [item("refused", { code: "LOAD_TIMEOUT" })])],
    );
    const again = at(failed, 40 * MINUTE_MS, { kind: "retry" }).next;
    const fourth = at(again, 40 * MINUTE_MS, { kind: "offer", seq: 10 }).next;

    expect(failed).toMatchObject({ state: "failed", attempts: 3, code: "LOAD_TIMEOUT" });
    expect(fourth).toMatchObject({ state: "offered", attempts: 4 });
    const refused = report(10, [item("refused", { code: "LOAD_TIMEOUT" })]);
    expect(at(fourth, 41 * MINUTE_MS, refused).next).toMatchObject({
      state: "failed",
      attempts: 4,
    });
  });

  test("takes in one that fell back, not one that was sent back", () => {
    const fellBack = at(succeeded, 5, report(7)).next;
    const sentBack = lived(
      [0, { kind: "offer", seq: 7 }],
      [1, { kind: "revert", seq: 9 }],
      [2, report(9)],
    );

    expect(at(fellBack, 6, { kind: "retry" }).next.state).toBe("queued");
    expect(at(sentBack, 6, { kind: "retry" }).next).toBe(sentBack);
  });

  test("does not take in what will not change: only a denial of a person is asked anew", () => {
    const denied = at(offered, 1, refusedFor("CONSENT_DENIED")).next;

    expect(at(rejected, 6, { kind: "retry" }).next).toBe(rejected);
    expect(denied.state).toBe("rejected");
    expect(at(denied, 6, { kind: "retry" }).next.state).toBe("queued");
  });

  test("means nothing to a device that is under way or done", () => {
    for (const other of [fresh, offered, succeeded]) {
      expect(at(other, 6, { kind: "retry" }).next).toBe(other);
    }
  });
});

test("a fallback, a way back and a retry are the only ways out of an end", () => {
  const ends: readonly ExecutionState[] = [
    "succeeded",
    "failed",
    "rejected",
    "timed-out",
    "rolled-back",
    "canceled",
    "removed",
    "skipped",
  ];
  const kinds = ["skip", "offer", "report", "tick", "deadline", "cancel", "remove"] as const;
  const states: readonly ExecutionState[] = [
    ...ends,
    "queued",
    "reverting",
    "straggler",
    "offered",
  ];
  const ways = kinds.flatMap((on) =>
    ends.flatMap((from) =>
      states.filter((to) => isExecutionTransition(on, from, to)).map((to) => [on, from, to]),
    ),
  );

  expect(ways).toEqual([["report", "succeeded", "rolled-back"]]);
});
