import { expect, test } from "vitest";
import {
  fullBucket,
  type TokenBucket,
  takeToken,
} from "../../../../controller/src/domain/token-bucket.ts";

const rule = { perSecond: 20, burst: 3 };

function takeMany(
  from: TokenBucket,
  atMs: number,
): { taken: number; bucket: TokenBucket; waitMs: number } {
  let bucket = from;
  for (let taken = 0; ; taken += 1) {
    const take = takeToken(rule, bucket, atMs);
    if (take.kind === "wait") return { taken, bucket, waitMs: take.waitMs };
    bucket = take.bucket;
  }
}

test("a full bucket gives its burst at once and then names the wait for one token", () => {
  expect(takeMany(fullBucket(rule, 0), 0)).toMatchObject({ taken: 3, waitMs: 50 });
});

test("a token is there after the wait it named, and not a millisecond before", () => {
  const { bucket } = takeMany(fullBucket(rule, 0), 0);

  expect(takeToken(rule, bucket, 49).kind).toBe("wait");
  expect(takeToken(rule, bucket, 50).kind).toBe("taken");
});

test("a long quiet time fills no more than the burst", () => {
  const { bucket } = takeMany(fullBucket(rule, 0), 0);

  expect(takeMany(bucket, 1_000_000).taken).toBe(3);
});

test("a clock that steps back gives nothing and takes nothing", () => {
  const { bucket } = takeMany(fullBucket(rule, 1_000), 1_000);

  expect(takeToken(rule, bucket, 0)).toEqual({ kind: "wait", waitMs: 50 });
});
