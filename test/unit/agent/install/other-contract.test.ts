import { ReleaseDocument } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { refuseOtherContract } from "../../../../agent/src/domain/install/other-contract.ts";
import { sileroContracts } from "../../../support/silero.ts";
import { releaseDocument } from "../../../support/trust-fixtures.ts";

function release(contract: keyof typeof sileroContracts, model = "voice"): ReleaseDocument {
  const io = ReleaseDocument.shape.io.parse(sileroContracts[contract]);
  return { ...releaseDocument({ model, version: "6.0.0" }), io };
}

test("S20: the legacy Silero model after v6 is refused, and every tensor that differs is named", () => {
  const failure = refuseOtherContract(release("v6"), release("legacy"));

  expect(failure?.code).toBe("INCOMPATIBLE_SIGNATURE");
  for (const tensor of ["h", "c", "state", "stateN"]) {
    expect(failure?.detail).toMatch(new RegExp(`\\b${tensor}\\b`));
  }
  expect(failure?.detail).not.toMatch(/\bsr\b/);
});

test("S20: v6 after v5 has the same tensors and is taken", () => {
  expect(refuseOtherContract(release("v5"), release("v6"))).toBeNull();
});

test("a model of another name is another contract, which its publisher meant", () => {
  const renamed = release("legacy", "voice.legacy");

  expect(refuseOtherContract(release("v6"), renamed)).toBeNull();
});
