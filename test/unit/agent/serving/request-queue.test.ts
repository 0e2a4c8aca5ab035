import { describe, expect, test } from "vitest";
import { RequestQueue } from "../../../../agent/src/domain/serving/request-queue.ts";
import { seededRandom } from "../../../support/random.ts";

const at = (askedAtMs: number) => ({ askedAtMs });
const [one, two, three, four] = [at(1), at(2), at(3), at(4)];

describe("a full queue", () => {
  test("that rejects turns the newcomer away, and nobody else", () => {
    const queue = new RequestQueue({ max: 2, policy: "reject" });

    expect([queue.admit(one), queue.admit(two), queue.admit(three)]).toEqual([[], [], [three]]);

    expect(queue.items()).toEqual([one, two]);
  });

  test("that drops the oldest keeps the newcomers", () => {
    const queue = new RequestQueue({ max: 2, policy: "drop-oldest" });

    expect([queue.admit(one), queue.admit(two), queue.admit(three)]).toEqual([[], [], [one]]);

    expect(queue.items()).toEqual([two, three]);
  });

  test("that wants the latest only holds one, whatever its length", () => {
    const queue = new RequestQueue({ max: 64, policy: "latest-only" });

    expect([queue.admit(one), queue.admit(two), queue.admit(three)]).toEqual([[], [one], [two]]);

    expect(queue.items()).toEqual([three]);
  });

  test("takes back whoever was let in before, in the place of its age", () => {
    const queue = new RequestQueue({ max: 2, policy: "reject" });
    queue.admit(two);
    queue.admit(four);

    queue.readmit(three);
    queue.readmit(one);

    expect(queue.items()).toEqual([one, two, three, four]);
    expect(queue.admit(at(5))).toHaveLength(1);
  });

  test("that took back more than its length drops as many as are over when the next comes", () => {
    const queue = new RequestQueue({ max: 2, policy: "drop-oldest" });
    for (const item of [one, two, three]) queue.readmit(item);

    expect(queue.admit(four)).toEqual([one, two]);
    expect(queue.items()).toEqual([three, four]);
  });
});

test("a queue gives the oldest first, and withdraws whoever is meant", () => {
  const queue = new RequestQueue({ max: 9, policy: "reject" });
  for (const item of [one, two, three]) queue.admit(item);

  expect(queue.withdraw((item) => item === two)).toEqual([two]);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([one, three, undefined]);
});

test("a queue of any policy never lets newcomers beyond its length, and loses no one unsaid", () => {
  for (const policy of ["reject", "drop-oldest", "latest-only"] as const) {
    const random = seededRandom(11);
    const queue = new RequestQueue({ max: 5, policy });
    const [admitted, left] = [new Set<object>(), new Set<object>()];
    for (let i = 0; i < 2_000; i++) {
      const item = at(i);
      admitted.add(item);
      for (const out of queue.admit(item)) left.add(out);
      expect(queue.length(), `policy ${policy}, seed 11, step ${i}`).toBeLessThanOrEqual(5);
      const taken = random.next() < 0.3 ? queue.shift() : undefined;
      if (taken !== undefined) left.add(taken);
    }
    for (const item of queue.items()) left.add(item);
    expect(left).toEqual(admitted);
  }
});
