import { initialTrustState, needsNonce } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { fixtureDevice, fixtureTimes, fleetRoot } from "../../../support/trust-fixtures.ts";

const root = fleetRoot();
const { issuedAtMs } = fixtureTimes;

test("a device begins with nothing accepted, and so needs a nonce", () => {
  const state = initialTrustState(root, fixtureDevice, 0);

  expect(state).toEqual({
    root,
    device: fixtureDevice,
    seq: 0,
    desiredSha256: null,
    timeFloorMs: issuedAtMs,
    floors: {},
  });
  expect(needsNonce(state, issuedAtMs)).toBe(true);
});

test("it is not earlier than its root was issued, nor than the agent was built", () => {
  const built = (atMs: number) => initialTrustState(root, fixtureDevice, atMs).timeFloorMs;

  expect(built(issuedAtMs - 1)).toBe(issuedAtMs);
  expect(built(issuedAtMs + 1)).toBe(issuedAtMs + 1);
});
