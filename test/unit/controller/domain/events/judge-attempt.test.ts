import { eventLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  judgeAttempt,
  type SendOutcome,
} from "../../../../../controller/src/domain/events/judge-attempt.ts";
import { seededRandom } from "../../../../support/random.ts";

const answered = (status: number, retryAfterMs: number | null = null): SendOutcome => ({
  kind: "answered",
  status,
  text: "",
  retryAfterMs,
});
const fresh = { attempts: 0, sinceMs: 1_000, nowMs: 1_000, chance: 0 };

test.each([200, 202, 204, 299])("an answer of %i is a delivery", (status) => {
  expect(judgeAttempt(answered(status), fresh)).toMatchObject({
    ...{ state: "delivered", attempts: 1, status, nextAtMs: null },
  });
});

test.each([
  199, 300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503,
])("an answer of %i is no delivery, and comes again", (status) => {
  expect(judgeAttempt(answered(status), fresh)).toMatchObject({
    ...{ state: "pending", attempts: 1, status, nextAtMs: 1_000 + eventLimits.retryMsMin },
  });
});

test("a receiver that is gone for good is asked no more", () => {
  expect(judgeAttempt(answered(410), fresh)).toMatchObject({ state: "failed", nextAtMs: null });
});

test("each wait is twice the one before, up to an hour, and up to half of that shorter", () => {
  const waitMs = (attempts: number, chance: number) => {
    const attempt = { ...fresh, attempts, chance };
    const next = judgeAttempt({ kind: "unanswered", reason: "" }, attempt).nextAtMs;
    return (next ?? 0) - 1_000;
  };

  expect([0, 1, 2, 3].map((attempts) => waitMs(attempts, 0))).toEqual([
    5_000, 10_000, 20_000, 40_000,
  ]);
  expect([10, 11, 30].map((attempts) => waitMs(attempts, 0))).toEqual(
    Array.from({ length: 3 }, () => eventLimits.retryMsMax),
  );
  expect(waitMs(0, 1)).toBe(2_500);
});

test("Retry-After makes the next attempt later and never earlier, and no later than an hour", () => {
  const nextMs = (retryAfterMs: number) =>
    judgeAttempt(answered(503, retryAfterMs), fresh).nextAtMs;

  expect(nextMs(60_000)).toBe(61_000);
  expect(nextMs(1_000)).toBe(6_000);
  expect(nextMs(999_999_000)).toBe(1_000 + eventLimits.retryMsMax);
});

test("the last attempt is the last, and the one before it is not", () => {
  const { attemptsMax } = eventLimits;
  const after = (attempts: number) => judgeAttempt(answered(500), { ...fresh, attempts }).state;

  expect(after(attemptsMax - 2)).toBe("pending");
  expect(after(attemptsMax - 1)).toBe("failed");
});

test("an event is given up when its next attempt would be more than a day after it happened", () => {
  const attempt = { ...fresh, attempts: 0, sinceMs: 0 };
  const nowMs = eventLimits.deliveryAgeMsMax - eventLimits.retryMsMin;

  expect(judgeAttempt(answered(500), { ...attempt, nowMs }).state).toBe("pending");
  expect(judgeAttempt(answered(500), { ...attempt, nowMs: nowMs + 1 }).state).toBe("failed");
});

test("whatever answers, a delivery ends after a bounded number of attempts and a bounded time", () => {
  const seed = 7;
  const random = seededRandom(seed);
  for (let run = 0; run < 200; run++) {
    let [attempts, nowMs, state] = [0, 0, "pending"];
    while (state === "pending") {
      const outcome = random.next() < 0.5 ? answered(500, random.next() * 1e8) : answered(302);
      const next = judgeAttempt(outcome, { attempts, sinceMs: 0, nowMs, chance: random.next() });
      expect(next.nextAtMs ?? Infinity, `seed ${seed}`).toBeGreaterThan(nowMs);
      ({ attempts, state } = next);
      nowMs = next.nextAtMs ?? nowMs;
    }
    expect(attempts).toBeLessThanOrEqual(eventLimits.attemptsMax);
    expect(nowMs).toBeLessThanOrEqual(eventLimits.deliveryAgeMsMax);
  }
});

test("of a long answer the beginning is kept", () => {
  const outcome = { kind: "unanswered", reason: "x".repeat(10_000) } as const;

  expect(judgeAttempt(outcome, fresh).outcome).toHaveLength(eventLimits.outcomeLengthMax);
});
