import { expect, test } from "vitest";
import { rootExpiry } from "../../../../../controller/src/domain/root/root-expiry.ts";

const DAY_MS = 86_400_000;
const expires = "2027-11-21T08:00:00Z";
const endMs = Date.parse(expires);
const left = (ms: number) => rootExpiry({ expires }, endMs - ms);

test("a root's end is said at 90, 30 and 7 days to the millisecond", () => {
  expect(left(90 * DAY_MS + 1)).toEqual({ daysLeft: 90, expiry: "good" });
  expect(left(90 * DAY_MS)).toEqual({ daysLeft: 90, expiry: "in-90-days" });
  expect(left(30 * DAY_MS + 1)).toEqual({ daysLeft: 30, expiry: "in-90-days" });
  expect(left(30 * DAY_MS)).toEqual({ daysLeft: 30, expiry: "in-30-days" });
  expect(left(7 * DAY_MS + 1)).toEqual({ daysLeft: 7, expiry: "in-30-days" });
  expect(left(7 * DAY_MS)).toEqual({ daysLeft: 7, expiry: "in-7-days" });
});

test("a root has expired at its very end, as devices see it", () => {
  expect(left(1)).toEqual({ daysLeft: 0, expiry: "in-7-days" });
  expect(left(0)).toEqual({ daysLeft: 0, expiry: "expired" });
  expect(left(-1)).toEqual({ daysLeft: -1, expiry: "expired" });
});
