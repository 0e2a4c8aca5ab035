import { mainSlot, ReleaseReference, Sha256, SlotName, storeLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { encodeSlot } from "../../../../agent/src/adapters/file-store/state-slot.ts";
import {
  AgentState,
  emptyState,
  refuseSlot,
} from "../../../../agent/src/domain/install/agent-state.ts";
import {
  beginTrial,
  confirmTrial,
  dropTrial,
} from "../../../../agent/src/domain/install/transitions.ts";

const root = { version: 1, sha256: Sha256.parse("0".repeat(64)) };
const release = ReleaseReference.parse({
  release: "1".repeat(64),
  model: "digits",
  version: "1.0.0",
});
const nth = (n: number) => SlotName.parse(`slot-${n}`);

function serving(count: number): AgentState {
  let state = emptyState(root, 0);
  for (let n = 0; n < count; n += 1) {
    state = confirmTrial(beginTrial(state, nth(n), release), nth(n), 1);
  }
  return state;
}

test("a device has room for sixteen slots and refuses a seventeenth, which its record could not hold", () => {
  const [fifteen, full] = [serving(15), serving(16)];

  expect(refuseSlot(fifteen, mainSlot)).toBeNull();
  expect(refuseSlot(full, mainSlot)?.code).toBe("INCOMPATIBLE_TARGET");
  expect(refuseSlot(full, nth(3))).toBeNull();
  expect(AgentState.parse(full)).toEqual(full);
  expect(AgentState.safeParse(serving(17)).success).toBe(false);
});

test("a slot that holds nothing any more takes no room", () => {
  const emptied = dropTrial(beginTrial(serving(15), mainSlot, release), mainSlot);

  const state = beginTrial(emptied, nth(20), release);

  expect(refuseSlot(emptied, nth(20))).toBeNull();
  expect(state.slots).toHaveLength(16);
});

test("the fullest record fits a state slot", () => {
  const digits = Number.MAX_SAFE_INTEGER;
  const longest = {
    release: "f".repeat(64),
    model: "m".repeat(64),
    version: `1.2.3-${"v".repeat(58)}`,
  };
  const blocked = {
    release: "f".repeat(64),
    code: "INCOMPATIBLE_SIGNATURE",
    detail: '"'.repeat(512),
  };
  const slots = Array.from({ length: 16 }, (_, n) => ({
    slot: `s${String(n).padStart(31, "0")}`,
    ...{ active: longest, previous: longest, trial: { ...longest, attemptsLeft: 3 } },
  }));
  const state = AgentState.parse({
    ...{ ...serving(0), boot: digits, rootVersion: digits, seq: digits, timeFloorMs: digits },
    ...{ desiredSha256: "f".repeat(64), slots, transitions: digits },
    floors: slots.map(() => ({ model: longest.model, securityVersion: digits })),
    blocked: Array.from({ length: storeLimits.blockedReleasesMax }, () => blocked),
  });

  expect(() => encodeSlot({ generation: 1n, json: JSON.stringify(state) })).not.toThrow();
});

test("a record of a program that did not count transitions yet is read", () => {
  const { transitions: _, ...older } = serving(1);

  expect(AgentState.parse(older).transitions).toBe(0);
});
