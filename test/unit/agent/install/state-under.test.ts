import { ModelName, type RefusalCode, Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { emptyState } from "../../../../agent/src/domain/install/agent-state.ts";
import { stateUnder } from "../../../../agent/src/domain/install/state-under.ts";
import { fleetRoot, fleetState } from "../../../support/trust-fixtures.ts";

const release = Sha256.parse("1".repeat(64));
const before = { ...emptyState({ version: 1, sha256: release }, 5), boot: 9, seq: 4 };

test.each<[RefusalCode, number]>([
  ["SIGNATURE", 0],
  ["REVOKED", 0],
  ["FLOOR", 0],
  ["GOLDEN_MISMATCH", 1],
  ["DIGEST", 1],
])("under another root a release blocked for %s stays blocked %i times", (code, times) => {
  const blocked = [{ release, code, detail: "" }];

  expect(stateUnder({ ...before, blocked }, fleetState()).blocked).toHaveLength(times);
});

test("numbers, floors and the root are those of the trust, all else is kept", () => {
  const trust = fleetState({ seq: 0, timeFloorMs: 7, floors: { digits: 3 } });

  expect(stateUnder(before, trust)).toEqual({
    ...before,
    ...{ seq: 0, desiredSha256: null, timeFloorMs: 7, rootSha256: fleetRoot().sha256 },
    floors: [{ model: ModelName.parse("digits"), securityVersion: 3 }],
  });
});
