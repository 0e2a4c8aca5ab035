import { ModelName, mainSlot, ReleaseVersion, Sha256, type SlotReport } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  type ExecutionFacts,
  executionState,
} from "../../../../controller/src/domain/deployment/execution-state.ts";

const release = Sha256.parse("aa".repeat(32));
const other = Sha256.parse("bb".repeat(32));
const reference = (digest: Sha256) => ({
  release: digest,
  model: ModelName.parse("digits"),
  version: ReleaseVersion.parse("1.0.0"),
});
const slot = (changes: Partial<SlotReport>): SlotReport => ({
  ...{ slot: mainSlot, active: null, previous: null, trial: null, refused: [] },
  ...changes,
});
const facts = (changes: Partial<ExecutionFacts> = {}): ExecutionFacts => ({
  release,
  ineligible: false,
  seq: 5,
  step: null,
  code: null,
  detail: null,
  wanted: release,
  reportedSeq: 4,
  slot: undefined,
  ...changes,
});
const statusOf = (changes: Partial<ExecutionFacts>) => executionState(facts(changes)).status;

describe("by what the device reported last", () => {
  test("a device that has said nothing is assigned", () => {
    expect(statusOf({})).toBe("assigned");
  });

  test.each([
    "accepted",
    "downloading",
    "downloaded",
    "loading",
    "golden",
    "activated",
  ] as const)("a device at step %s is running", (step) => {
    expect(statusOf({ step })).toBe("running");
  });

  test("a device at step confirmed is confirmed", () => {
    expect(statusOf({ step: "confirmed" })).toBe("confirmed");
  });

  test("a refusal is told with its code and its evidence", () => {
    const refusal = { step: "refused", code: "GOLDEN_MISMATCH", detail: "case a 3" } as const;

    expect(executionState(facts(refusal))).toEqual({
      status: "refused",
      code: "GOLDEN_MISMATCH",
      detail: "case a 3",
    });
  });
});

describe("by the slot as the device reported it", () => {
  test("a release that an application puts off is running, and that is said with how long it still can", () => {
    const deferred = { step: "deferred", code: "DEFERRED", detail: "put off, once" } as const;
    const trial = slot({ trial: reference(release) });

    expect(executionState(facts({ ...deferred, reportedSeq: 5, slot: trial }))).toEqual({
      status: "running",
      code: "DEFERRED",
      detail: "put off, once",
    });
  });

  test("a release that was active already is confirmed without any step", () => {
    const active = slot({ active: reference(release) });

    expect(statusOf({ reportedSeq: 5, slot: active })).toBe("confirmed");
  });

  test("the same slot proves nothing while the device holds an older document", () => {
    const active = slot({ active: reference(release) });

    expect(statusOf({ reportedSeq: 4, slot: active })).toBe("assigned");
  });

  test("a release on trial is running, also beside an active one", () => {
    const trial = slot({ active: reference(other), trial: reference(release) });

    expect(statusOf({ reportedSeq: 6, slot: trial })).toBe("running");
  });

  test("a release the device blocks is refused with the device's reason", () => {
    const blocked = slot({ refused: [{ release, code: "NO_SPACE", detail: "12 MiB short" }] });

    expect(executionState(facts({ reportedSeq: 5, slot: blocked }))).toEqual({
      status: "refused",
      code: "NO_SPACE",
      detail: "12 MiB short",
    });
  });

  test("a release the device went back from is rolled back", () => {
    const blocked = slot({ refused: [{ release, code: "ROLLED_BACK", detail: "errors" }] });

    expect(statusOf({ reportedSeq: 5, slot: blocked })).toBe("rolled-back");
  });

  test("what another release did in the slot says nothing about this one", () => {
    const busy = slot({
      active: reference(other),
      refused: [{ release: other, code: "DIGEST", detail: "" }],
    });

    expect(statusOf({ reportedSeq: 5, slot: busy })).toBe("assigned");
  });
});

describe("by what is wanted now", () => {
  test.each([
    null,
    "downloading",
    "confirmed",
  ] as const)("a device at step %s of which something else is wanted is superseded", (step) => {
    expect(statusOf({ step, wanted: other })).toBe("superseded");
  });

  test.each([
    "refused",
    "rolled-back",
  ] as const)("a device that ended %s stays so when something else is wanted", (step) => {
    expect(statusOf({ step, wanted: other })).toBe(step);
  });

  test("an ineligible device stays so, whatever is wanted", () => {
    expect(statusOf({ ineligible: true, seq: null, wanted: other })).toBe("ineligible");
  });

  test("an earlier deployment of the same release follows what the device does", () => {
    expect(statusOf({ step: "confirmed", wanted: release })).toBe("confirmed");
  });
});
