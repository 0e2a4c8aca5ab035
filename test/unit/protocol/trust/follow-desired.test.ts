import { raiseFloor, type TrustState } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { followDesired } from "../../../support/follow-desired.ts";
import {
  fixtureTimes,
  fleetState,
  refusal,
  releaseDocument,
  type Signed,
  signedDesired,
  signedRelease,
} from "../../../support/trust-fixtures.ts";

const DAY_MS = 86_400_000;
const nonce = Buffer.alloc(16, 3).toString("base64");
const newer = signedRelease({ version: "2.3.0", securityVersion: 4 });
const older = signedRelease({ version: "2.2.1", securityVersion: 4 });
const raising = signedRelease({ version: "3.0.0", securityVersion: 5 });

/** A device that follows `newer`. */
const state = followDesired(fleetState(), {
  desired: signedDesired({ seq: 1, nonce, models: [wanted(newer)] }).bytes,
  releases: [newer],
  nonce,
});

describe("going back", () => {
  test("F16: a newer number may name an older version of the same security version", () => {
    expect(order(state, 2, [older])).toMatchObject({ seq: 2, floors: {} });
  });

  test("F17: a release under the floor that a confirmed one has set is refused", () => {
    const confirmed = raiseFloor(
      order(state, 2, [raising]),
      releaseDocument({ version: "3.0.0", securityVersion: 5 }),
    );

    expect(refusal(() => order(confirmed, 3, [older]))).toBe("FLOOR");
    expect(order(confirmed, 3, [raising]).seq).toBe(3);
  });

  test("F18: a trial that fails has raised no floor, so the release before it may be ordered", () => {
    const onTrial = order(state, 2, [raising]);

    expect(onTrial.floors).toEqual({});
    expect(order(onTrial, 3, [older]).seq).toBe(3);
  });

  test("F15: the document before, sent again, is refused and changes nothing", () => {
    const first = signedDesired({ seq: 1, nonce, models: [wanted(newer)] }).bytes;
    const second = order(state, 2, [older]);
    const offer = (to: TrustState, desired: Uint8Array) =>
      followDesired(to, { desired, releases: [newer] });

    expect(refusal(() => offer(second, first))).toBe("ROLLBACK");
    expect(offer(state, first)).toBe(state);
    expect(refusal(() => order(state, 1, [older]))).toBe("EQUIVOCATION");
  });
});

describe("two models", () => {
  const audio = { model: "audio.voice", slot: "second" };

  test("F25: are both taken when both releases pass", () => {
    const voice = signedRelease({ model: audio.model });
    const models = [wanted(newer), wanted(voice, audio)];

    expect(offerModels(models, [newer, voice])).toBe("accepted");
  });

  test.each([
    ["of another class", { compat: { ...releaseDocument().compat, classes: ["x"] } }, "CLASS"],
    ["of another fleet", { fleet: "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10" }, "FLEET"],
    ["of another model", { model: "audio.music" }, "MODEL"],
    ["with a digest that is not its files'", { digest: newer.sha256 }, "DIGEST"],
    ["with an entry it does not list", { entry: "other.onnx" }, "FORMAT"],
  ])("F25: are both left as they are when the second release is %s", (_, changes, code) => {
    const before = structuredClone(state);
    const second = signedRelease({ model: audio.model, ...changes });

    expect(offerModels([wanted(newer), wanted(second, audio)], [newer, second])).toBe(code);
    expect(offerModels([wanted(second, audio), wanted(newer)], [newer, second])).toBe(code);
    expect(state).toEqual(before);
  });

  function offerModels(models: readonly object[], releases: readonly Signed[]): string {
    const desired = signedDesired({ seq: 2, models }).bytes;
    return refusal(() => followDesired(state, { desired, releases }));
  }
});

test("F19: an expired document is refused and leaves what was accepted as it is", () => {
  const before = structuredClone(state);
  const late = fixtureTimes.expiresAtMs + DAY_MS;

  expect(refusal(() => order(state, 2, [older], late))).toBe("EXPIRED");
  expect(state).toEqual(before);
});

function order(from: TrustState, seq: number, releases: readonly Signed[], nowMs?: number) {
  const models = releases.map((release) => wanted(release));
  const desired = signedDesired({ seq, models }).bytes;
  return followDesired(from, { desired, releases, ...(nowMs === undefined ? {} : { nowMs }) });
}

function wanted(release: Signed, changes: object = {}): object {
  return {
    slot: "main",
    model: "vision.defects",
    release: release.sha256,
    size: release.bytes.length,
    activate: "now",
    ...changes,
  };
}
