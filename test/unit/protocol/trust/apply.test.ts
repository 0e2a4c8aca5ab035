import {
  acceptDesired,
  checkDesired,
  floorOf,
  ModelName,
  type NewDesired,
  raiseFloor,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  desiredDocument,
  fixtureTimes,
  fleetState,
  releaseDocument,
  signedDesired,
} from "../../../support/trust-fixtures.ts";

const state = fleetState();
const [model] = desiredDocument().models;
const document = releaseDocument();

describe("acceptDesired", () => {
  test("remembers number, digest and time, and raises no floor", () => {
    const checked = news({ seq: 9 });

    const after = acceptDesired(state, checked, model === undefined ? [] : [{ model, document }]);

    expect(after).toEqual({
      ...state,
      seq: 9,
      desiredSha256: checked.sha256,
      timeFloorMs: fixtureTimes.issuedAtMs,
    });
    expect(after.floors).toEqual({});
  });

  test("takes all models or none: a model without its checked release is a caller's mistake", () => {
    const before = structuredClone(state);

    expect(() => acceptDesired(state, news({}), [])).toThrow(RangeError);
    expect(state).toEqual(before);
  });

  test("takes no release of another model for a slot", () => {
    const other = releaseDocument({ model: "audio.voice" });
    const given = model === undefined ? [] : [{ model, document: other }];

    expect(() => acceptDesired(state, news({}), given)).toThrow(RangeError);
  });
});

describe("raiseFloor", () => {
  test("raises the floor of that model and never lowers it", () => {
    const raised = raiseFloor(state, releaseDocument({ securityVersion: 4 }));
    const kept = raiseFloor(raised, releaseDocument({ securityVersion: 3 }));

    expect(floorOf(raised, document.model)).toBe(4);
    expect(floorOf(kept, document.model)).toBe(4);
    expect(floorOf(raised, ModelName.parse("audio.voice"))).toBe(0);
  });

  test("knows no floor of a model that is named like something every object inherits", () => {
    expect(floorOf(state, ModelName.parse("constructor"))).toBe(0);
  });
});

function news(changes: object): NewDesired {
  const context = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };
  const checked = checkDesired(state, signedDesired(changes).bytes, context, verify);
  if (checked.kind === "same") throw new Error("expected a new document");
  return checked;
}
