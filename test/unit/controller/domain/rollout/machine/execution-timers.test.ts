import { describe, expect, test } from "vitest";
import { backoffMs } from "../../../../../../controller/src/domain/rollout/machine/execution-timers.ts";
import {
  at,
  fresh,
  HOUR_MS,
  item,
  lived,
  MINUTE_MS,
  offered,
  policy,
  report,
} from "../../../../../support/rollout-machine/execution-facts.ts";

const online = { kind: "tick", isOnline: true } as const;
const offline = { kind: "tick", isOnline: false } as const;

describe("timers", () => {
  test("an order without answer runs out at its time, and not a millisecond before", () => {
    expect(at(offered, 10 * MINUTE_MS - 1, online).next).toBe(offered);
    expect(at(offered, 10 * MINUTE_MS, online).next).toMatchObject({
      state: "queued",
      code: "OFFER_TIMEOUT",
      dueAtMs: 11 * MINUTE_MS,
    });
  });

  test("R9 in arithmetic: silent after downloading, two retries with growing back-off, then timed out", () => {
    const silent = lived(
      [0, { kind: "offer", seq: 7 }],
      [0, report(7, [item("downloading")])],
      [5 * MINUTE_MS, online],
    );
    const second = at(silent, 6 * MINUTE_MS, { kind: "offer", seq: 8 }).next;
    const heard = at(second, 6 * MINUTE_MS, report(8, [item("downloading")])).next;
    const third = at(heard, 11 * MINUTE_MS, online).next;
    const last = at(third, 13 * MINUTE_MS, { kind: "offer", seq: 9 }).next;
    const ended = at(last, 23 * MINUTE_MS, online);

    expect(silent).toMatchObject({ state: "queued", code: "STEP_TIMEOUT", dueAtMs: 6 * MINUTE_MS });
    expect(third).toMatchObject({ state: "queued", attempts: 2, dueAtMs: 13 * MINUTE_MS });
    expect(ended.next).toMatchObject({ state: "timed-out", attempts: 3, dueAtMs: null });
    expect(ended.steps).toEqual([{ from: "offered", to: "timed-out", code: "OFFER_TIMEOUT" }]);
  });

  test("no timer is later than the end of the execution", () => {
    const late = at(offered, 58 * MINUTE_MS, report(7, [item("accepted")])).next;

    expect(late.dueAtMs).toBe(HOUR_MS);
    expect(at(late, HOUR_MS - 1, online).next).toBe(late);
    expect(at(late, HOUR_MS, online).next.code).toBe("EXECUTION_TIMEOUT");
  });

  test("waiting is no silence: only the end of the execution ends it", () => {
    const waiting = at(offered, MINUTE_MS, report(7, [item("deferred")])).next;

    expect(waiting.dueAtMs).toBe(HOUR_MS);
    expect(at(waiting, HOUR_MS - 1, online).next).toBe(waiting);
    expect(at(waiting, HOUR_MS, online).next.code).toBe("EXECUTION_TIMEOUT");
  });

  test("an order waits for a device that is offline, and its timers begin when it is back", () => {
    const away = at(offered, 2 * HOUR_MS, offline).next;

    expect(away).toEqual({
      ...offered,
      attemptAtMs: 2 * HOUR_MS,
      dueAtMs: 2 * HOUR_MS + 10 * MINUTE_MS,
    });
    expect(at(away, 2 * HOUR_MS + 10 * MINUTE_MS, online).next.code).toBe("OFFER_TIMEOUT");
  });

  test("a step waits for a device that is offline, but no longer than the execution lasts", () => {
    const loading = at(offered, 0, report(7, [item("loading")])).next;
    const away = at(loading, 5 * MINUTE_MS, offline).next;

    expect(away).toMatchObject({ state: "warming", attemptAtMs: 0, dueAtMs: 10 * MINUTE_MS });
    expect(at(away, HOUR_MS, offline).next).toMatchObject({
      state: "queued",
      code: "EXECUTION_TIMEOUT",
    });
  });

  test("a straggler is queued when it is online, and not before", () => {
    const away = lived([0, { kind: "deadline", isOnline: false, stragglers: "defer" }]);

    expect(at(away, 5, offline).next).toBe(away);
    expect(at(away, 5, online).next).toMatchObject({ state: "queued", code: null, dueAtMs: null });
  });

  test("time alone changes nothing for whoever has no order or waits for a back-off", () => {
    const waiting = at(offered, 10 * MINUTE_MS, online).next;

    expect(at(fresh, HOUR_MS, online).next).toBe(fresh);
    expect(at(waiting, HOUR_MS, online).next).toBe(waiting);
  });
});

describe("the deadline of the stage", () => {
  const deadline = (isOnline: boolean, stragglers: "defer" | "fail") =>
    ({ kind: "deadline", isOnline, stragglers }) as const;

  test("R10 in arithmetic: who is offline is put off, or counted, as the plan says", () => {
    for (const undecided of [fresh, offered]) {
      expect(at(undecided, 5, deadline(false, "defer")).next).toMatchObject({
        state: "straggler",
        code: "OFFLINE_AT_DEADLINE",
      });
      expect(at(undecided, 5, deadline(false, "fail")).next.state).toBe("timed-out");
    }
  });

  test("who is online and undecided is timed out", () => {
    expect(at(offered, 5, deadline(true, "defer")).next).toMatchObject({
      state: "timed-out",
      code: "STAGE_DEADLINE",
    });
  });

  test("who is on the way back has another deadline", () => {
    const reverting = at(offered, 5, { kind: "revert", seq: 9 }).next;

    expect(at(reverting, 6, deadline(false, "fail")).next).toBe(reverting);
  });
});

describe("the back-off", () => {
  test("doubles with each attempt, up to its limit", () => {
    const waits = [1, 2, 3, 4, 5, 10].map((attempts) => backoffMs(attempts, { policy, chance: 0 }));

    expect(waits).toEqual([1, 2, 4, 8, 10, 10].map((minutes) => minutes * MINUTE_MS));
  });

  test("is by chance up to a half longer, and never above its limit", () => {
    expect(backoffMs(1, { policy, chance: 0.5 })).toBe(75_000);
    expect(backoffMs(1, { policy, chance: 0.999_999 })).toBe(89_999);
    expect(backoffMs(4, { policy, chance: 0.999_999 })).toBe(10 * MINUTE_MS);
  });
});
