import {
  DesiredModel,
  mainSlot,
  ReleaseReference,
  Sha256,
  storeLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  type AgentState,
  emptyState,
  slotOf,
} from "../../../../agent/src/domain/install/agent-state.ts";
import {
  beginTrial,
  blockTrial,
  confirmTrial,
  dropTrial,
  fallBack,
  refundAttempt,
  spendAttempt,
  stillBlocked,
} from "../../../../agent/src/domain/install/transitions.ts";

const root = { version: 1, sha256: Sha256.parse("0".repeat(64)) };
const [one, two] = ["1", "2"].map((major) =>
  ReleaseReference.parse({ release: major.repeat(64), model: "digits", version: `${major}.0.0` }),
) as [ReleaseReference, ReleaseReference];
const wanted = (reference: ReleaseReference) =>
  DesiredModel.parse({ ...reference, slot: "main", size: 1, activate: "now" });
const withOne = confirmTrial(beginTrial(emptyState(root, 0), mainSlot, one), mainSlot, 3);

test("a trial has three starts, and a fourth cannot be spent", () => {
  let state = beginTrial(withOne, mainSlot, two);
  for (let start = 0; start < 3; start += 1) state = spendAttempt(state, mainSlot);

  expect(slotOf(state, mainSlot).trial?.attemptsLeft).toBe(0);
  expect(() => spendAttempt(state, mainSlot)).toThrow(RangeError);
});

test("a start called off is given back, never beyond three", () => {
  const state = spendAttempt(beginTrial(withOne, mainSlot, two), mainSlot);

  const back = refundAttempt(refundAttempt(state, mainSlot), mainSlot);

  expect(slotOf(back, mainSlot).trial?.attemptsLeft).toBe(3);
});

test("confirming makes the old release the previous one and raises the floor, which never falls", () => {
  const state = confirmTrial(beginTrial(withOne, mainSlot, two), mainSlot, 2);

  expect(slotOf(state, mainSlot)).toEqual({
    slot: "main",
    active: two,
    previous: one,
    trial: null,
  });
  expect(state.floors).toEqual([{ model: "digits", securityVersion: 3 }]);
});

test("a failed trial leaves the active release and the floor as they were", () => {
  const refusal = {
    release: two.release,
    code: "GOLDEN_MISMATCH",
    detail: "x".repeat(600),
  } as const;

  const state = blockTrial(beginTrial(withOne, mainSlot, two), mainSlot, refusal);

  expect(slotOf(state, mainSlot)).toEqual(slotOf(withOne, mainSlot));
  expect(state.floors).toEqual(withOne.floors);
  expect(state.blocked).toEqual([{ ...refusal, detail: "x".repeat(512) }]);
});

test("falling back twice ends with no model, which is a state too", () => {
  const two2 = confirmTrial(beginTrial(withOne, mainSlot, two), mainSlot, 3);

  const first = fallBack(two2, mainSlot, two.release);
  const none = fallBack(first, mainSlot, one.release);

  expect(slotOf(first, mainSlot).active).toEqual(one);
  expect(slotOf(none, mainSlot).active).toBeNull();
  expect(fallBack(none, mainSlot, one.release)).toBe(none);
});

test("a lasting refusal stays while the release is named, and goes when it is not", () => {
  const blocked = [{ release: two.release, code: "GOLDEN_MISMATCH", detail: "" } as const];

  expect(stillBlocked(blocked, [wanted(two)])).toEqual(blocked);
  expect(stillBlocked(blocked, [wanted(one)])).toEqual([]);
});

test.each([
  "NO_SPACE",
  "DOWNLOAD_FAILED",
  "STORE_FAILED",
  "INSUFFICIENT_MEMORY",
] as const)("%s may end by itself, so the release is tried again", (code) => {
  expect(stillBlocked([{ release: two.release, code, detail: "" }], [wanted(two)])).toEqual([]);
});

test("a proven release may wait through as many restarts as trials may change, and no more", () => {
  const { transitionsWithoutCommitMax: max } = storeLimits;
  const restarted = (state: AgentState) => refundAttempt(spendAttempt(state, mainSlot), mainSlot);
  let state = beginTrial(withOne, mainSlot, two);

  for (let start = 2; start < max; start += 1) state = restarted(state);

  expect(state.transitions).toBe(max - 1);
  expect(slotOf(state, mainSlot).trial?.attemptsLeft).toBe(storeLimits.trialAttemptsMax);
  expect(restarted(state).transitions).toBe(max);
});

test("changes of trials are counted until one is confirmed or refused", () => {
  const begun = beginTrial(withOne, mainSlot, two);
  const spent = spendAttempt(begun, mainSlot);

  const counts = [
    withOne,
    begun,
    spent,
    refundAttempt(spent, mainSlot),
    dropTrial(spent, mainSlot),
  ];

  expect(counts.map(({ transitions }) => transitions)).toEqual([0, 1, 2, 2, 3]);
  expect(confirmTrial(spent, mainSlot, 1).transitions).toBe(0);
  const refusal = { release: two.release, code: "GOLDEN_MISMATCH", detail: "" } as const;
  expect(blockTrial(spent, mainSlot, refusal).transitions).toBe(0);
});

const attempted = (reference: ReleaseReference, attempt: number) => ({
  ...wanted(reference),
  attempt,
});

test.each([
  { held: undefined, wish: undefined, isTriedAgain: false },
  { held: undefined, wish: 1, isTriedAgain: false },
  { held: undefined, wish: 2, isTriedAgain: true },
  { held: 2, wish: undefined, isTriedAgain: false },
  { held: 2, wish: 1, isTriedAgain: false },
  { held: 2, wish: 2, isTriedAgain: false },
  { held: 2, wish: 3, isTriedAgain: true },
])("given up at attempt $held, wanted as attempt $wish: tried again $isTriedAgain", (given) => {
  const { held, wish, isTriedAgain } = given;
  const refusal = { release: two.release, code: "GOLDEN_MISMATCH", detail: "" } as const;
  const trial = held === undefined ? two : { ...two, attempt: held };
  const state = blockTrial(beginTrial(withOne, mainSlot, trial), mainSlot, refusal);
  const wish2 = wish === undefined ? wanted(two) : attempted(two, wish);

  expect(stillBlocked(state.blocked, [wish2])).toEqual(isTriedAgain ? [] : state.blocked);
});

test("a higher attempt of one release does not lift the refusal of another", () => {
  const blocked = [{ release: one.release, code: "GOLDEN_MISMATCH", detail: "" } as const];

  expect(stillBlocked(blocked, [wanted(one), attempted(two, 9)])).toEqual(blocked);
});

test("a trial is given up as the attempt it began as, and confirmed without a number", () => {
  const trying = beginTrial(withOne, mainSlot, { ...two, attempt: 4 });

  const refusal = { release: two.release, code: "RUNNER_CRASH", detail: "" } as const;
  expect(blockTrial(trying, mainSlot, refusal).blocked).toEqual([{ ...refusal, attempt: 4 }]);
  expect(slotOf(confirmTrial(trying, mainSlot, 1), mainSlot).active).toEqual(two);
});
