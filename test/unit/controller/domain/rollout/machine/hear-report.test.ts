import { describe, expect, test } from "vitest";
import {
  at,
  fresh,
  HOUR_MS,
  item,
  lived,
  MINUTE_MS,
  offered,
  ours,
  refusedFor,
  report,
  slot,
  succeeded,
  theirs,
} from "../../../../../support/rollout-machine/execution-facts.ts";

const fullWay = [
  item("accepted"),
  item("downloading"),
  item("downloaded"),
  item("loading"),
  item("golden"),
  item("shadowed"),
  item("deferred", { detail: "the press is closed" }),
  item("activated"),
  item("confirmed"),
];

describe("the steps of a device", () => {
  test("lead from the order to success, each one a transition", () => {
    const { next, steps } = at(offered, 5, report(7, fullWay, slot({ active: ours })));

    expect(next).toMatchObject({ state: "succeeded", code: null, dueAtMs: null });
    expect(steps.map(({ to }) => to)).toEqual([
      "accepted",
      "downloading",
      "downloaded",
      "warming",
      "shadowing",
      "waiting",
      "activated",
      "succeeded",
    ]);
  });

  test("come one by one, with a timer from each to the next", () => {
    const downloading = at(offered, 5, report(7, [item("downloading")])).next;

    expect(downloading).toMatchObject({
      state: "downloading",
      changedAtMs: 5,
      dueAtMs: 5 + 5 * MINUTE_MS,
    });
  });

  test("change nothing when they come again or late", () => {
    const warming = at(offered, 5, report(7, fullWay.slice(0, 5))).next;

    expect(at(warming, 6, report(7, fullWay.slice(0, 5))).next).toBe(warming);
    expect(at(warming, 6, report(7, [item("accepted")])).next).toBe(warming);
    expect(at(warming, 6, report(6, [item("activated")])).next).toBe(warming);
  });

  test("of another release change nothing but that the order is held", () => {
    const { next } = at(offered, 5, report(7, [item("activated", { release: theirs })]));

    expect(next.state).toBe("accepted");
  });

  test("a hello of a device that holds the order accepts it, of one that holds less does not", () => {
    expect(at(offered, 5, report(7)).next.state).toBe("accepted");
    expect(at(offered, 5, report(6)).next).toBe(offered);
  });

  test("say what is waited for, and a new reason is no transition", () => {
    const lock = at(offered, 5, report(7, [item("deferred", { detail: "later" })])).next;

    expect(lock).toMatchObject({ state: "waiting", code: "CONSENT", detail: "later" });
    const { next, steps } = at(lock, 6, report(7, [item("deferred", { detail: "at night" })]));
    expect(next).toEqual({ ...lock, detail: "at night" });
    expect(steps).toEqual([]);
  });
});

describe("success", () => {
  test("R7 in arithmetic: confirmed while other bytes serve is rolled back, DIVERGED", () => {
    const { next } = at(offered, 5, report(7, [item("activated"), item("confirmed")], slot()));

    expect(next).toMatchObject({ state: "rolled-back", code: "DIVERGED" });
  });

  test("is not what a slot on trial says, nor a device without the order", () => {
    const onTrial = slot({ active: ours, trial: ours });

    expect(at(offered, 5, report(7, [], onTrial)).next.state).toBe("accepted");
    expect(at(offered, 5, report(6, [], slot({ active: ours }))).next).toBe(offered);
    expect(at(offered, 5, report(7, [], slot({ active: ours }))).next.state).toBe("succeeded");
  });

  test("is told by a report without the slot of nobody", () => {
    const { next } = at(offered, 5, { ...report(7, [item("confirmed")]), slot: undefined });

    expect(next).toMatchObject({ state: "rolled-back", code: "DIVERGED" });
  });

  test("that comes after a timer ran out still counts, while another attempt is left", () => {
    const late = lived(
      [0, { kind: "offer", seq: 7 }],
      [10 * MINUTE_MS, { kind: "tick", isOnline: true }],
    );

    expect(late).toMatchObject({ state: "queued", code: "OFFER_TIMEOUT" });
    expect(at(late, 11 * MINUTE_MS, report(7, [item("activated")])).next).toBe(late);
    expect(at(late, 11 * MINUTE_MS, report(7, [], slot({ active: ours }))).next.state).toBe(
      "succeeded",
    );
  });

  test("R8 in arithmetic: who succeeded and serves other bytes later is rolled back", () => {
    expect(at(succeeded, HOUR_MS, report(7)).next).toMatchObject({
      state: "rolled-back",
      code: "DIVERGED",
    });
    expect(at(succeeded, HOUR_MS, report(7, [], slot({ active: null }))).next.state).toBe(
      "rolled-back",
    );
  });

  test("stays what it is for a report of an earlier document, or while the bytes are ours", () => {
    expect(at(succeeded, HOUR_MS, report(6)).next).toBe(succeeded);
    expect(at(succeeded, HOUR_MS, report(8, [], slot({ active: ours }))).next).toBe(succeeded);
  });

  test("a device that went back by itself says why", () => {
    const told = item("rolled-back", { code: "ROLLED_BACK", detail: "5 of 20 answers failed" });
    const why = { state: "rolled-back", code: "ROLLED_BACK", detail: "5 of 20 answers failed" };

    expect(at(succeeded, 9, report(7, [told])).next).toMatchObject(why);
    expect(at(offered, 9, report(7, [item("activated"), told])).next).toMatchObject(why);
  });
});

describe("a refusal", () => {
  const passing = [
    "DOWNLOAD_FAILED",
    "NO_SPACE",
    "LOAD_TIMEOUT",
    "RUNNER_CRASH",
    "STORE_FAILED",
    "INSUFFICIENT_MEMORY",
    "WARMUP_TIMEOUT",
    "GOLDEN_SLOW",
    "DEFERRED",
  ];
  const lasting = ["SIGNATURE", "DIGEST", "INCOMPATIBLE_TARGET", "GOLDEN_MISMATCH", "NON_FINITE"];

  test.each(passing)("%s is tried again", (code) => {
    expect(at(offered, 5, refusedFor(code, "once")).next).toMatchObject({
      state: "queued",
      code,
      detail: "once",
      attempts: 1,
      dueAtMs: 5 + MINUTE_MS,
    });
  });

  test.each(lasting)("%s is an end", (code) => {
    expect(at(offered, 5, refusedFor(code)).next).toMatchObject({ state: "rejected", code });
  });

  test("without a code is an end: nothing says that another try would end otherwise", () => {
    expect(at(offered, 5, report(7, [item("refused")])).next).toMatchObject({
      state: "rejected",
      code: "FORMAT",
    });
  });

  test("that only the slot tells counts as well", () => {
    const refused = slot({ refused: { code: "GOLDEN_MISMATCH", detail: "case 3" } });
    const back = slot({ refused: { code: "ROLLED_BACK", detail: "too slow" } });

    expect(at(offered, 5, report(7, [], refused)).next).toMatchObject({
      state: "rejected",
      detail: "case 3",
    });
    expect(at(offered, 5, report(7, [], back)).next.state).toBe("rolled-back");
  });

  test("of a document that was not accepted counts only for an order without answer", () => {
    const unheld = report(6, [item("refused", { code: "SIGNATURE" })]);
    const accepted = at(offered, 5, report(7)).next;

    expect(at(offered, 6, unheld).next.state).toBe("rejected");
    expect(at(accepted, 6, unheld).next).toBe(accepted);
    expect(at(fresh, 6, unheld).next).toBe(fresh);
  });

  test("that may be of the attempt before does not count for the second", () => {
    const second = lived(
      [0, { kind: "offer", seq: 7 }],
      [1, refusedFor("LOAD_TIMEOUT")],
      [2 * MINUTE_MS, { kind: "offer", seq: 8 }],
    );

    expect(at(second, 3 * MINUTE_MS, refusedFor("LOAD_TIMEOUT")).next).toBe(second);
    expect(at(second, 3 * MINUTE_MS, refusedFor("SIGNATURE")).next.state).toBe("rejected");
  });
});

describe("a fault of the download server", () => {
  const faults = [
    "expected /v1/blobs/00 from the source, got HTTP status 503",
    "expected /v1/blobs/00 from the source, got HTTP status 429",
    "expected /v1/blobs/00 from https://fleet.example, got connect ECONNREFUSED 10.0.0.1:443",
    "expected /v1/blobs/00 from https://fleet.example, got silence",
    "expected 900 bytes, the connection ended after 12",
  ];
  const own = [
    "expected /v1/blobs/00 from the source, got HTTP status 404",
    "expected exactly 900 bytes, the source sent more",
  ];

  test.each(faults)("uses up no attempt: %s", (detail) => {
    const { next } = at(offered, 5, refusedFor("DOWNLOAD_FAILED", detail));

    expect(next).toMatchObject({ state: "queued", code: "INFRASTRUCTURE", detail });
    const again = at(next, 2 * MINUTE_MS, { kind: "offer", seq: 8 }).next;
    expect(again).toMatchObject({
      state: "offered",
      attempts: 1,
      offeredAtMs: 2 * MINUTE_MS,
      attemptAtMs: 0,
    });
  });

  test.each(own)("is not everything that goes wrong with a download: %s", (detail) => {
    const { next } = at(offered, 5, refusedFor("DOWNLOAD_FAILED", detail));

    expect(next).toMatchObject({ state: "queued", code: "DOWNLOAD_FAILED" });
    expect(at(next, HOUR_MS, { kind: "offer", seq: 8 }).next.attempts).toBe(2);
  });

  test("is bounded by the execution timeout of the attempt", () => {
    const [fault = ""] = faults;

    expect(at(offered, HOUR_MS - 1, refusedFor("DOWNLOAD_FAILED", fault)).next.code).toBe(
      "INFRASTRUCTURE",
    );
    expect(at(offered, HOUR_MS, refusedFor("DOWNLOAD_FAILED", fault)).next.code).toBe(
      "DOWNLOAD_FAILED",
    );
  });
});

describe("a straggler that comes back", () => {
  const deadline = { kind: "deadline", isOnline: false, stragglers: "defer" } as const;

  test("waits for its order like any other", () => {
    const away = lived([0, deadline]);

    expect(at(away, 5, report(6)).next).toMatchObject({ state: "queued", attempts: 0 });
  });

  test("goes on where it holds the order", () => {
    const away = lived([0, { kind: "offer", seq: 7 }], [1, deadline]);

    expect(at(away, 5, report(7)).next).toMatchObject({ state: "accepted", attempts: 1 });
    expect(at(away, 5, report(7, [item("downloaded")])).next.state).toBe("downloaded");
    expect(at(away, 5, report(7, [], slot({ active: ours }))).next.state).toBe("succeeded");
    expect(at(away, 5, report(6)).next.state).toBe("queued");
  });
});
