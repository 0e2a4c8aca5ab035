import { formatTimestamp } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { peekDesired } from "../../agent/src/app/install/peek-desired.ts";
import { StateRecord } from "../../agent/src/app/install/state-record.ts";
import { firstState } from "../../agent/src/open-data-folder.ts";
import { openStore } from "../support/agent/download-rig.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  fixtureDevice,
  fixtureTimes,
  fleetRoot,
  refusal,
  signedDesired,
} from "../support/trust-fixtures.ts";

const said = "QUFBQUFBQUFBQUFBQUFBQQ==";
const carried = "QkJCQkJCQkJCQkJCQkJCQg==";
const other = "Q0NDQ0NDQ0NDQ0NDQ0NDQw==";

/** A device that accepted order 1, whose clock shows `nowMs`. */
async function device(folder: string, nowMs: number, accepted = signedDesired({ seq: 1 }).sha256) {
  const root = fleetRoot();
  const state = { ...firstState(root), seq: 1, desiredSha256: accepted };
  const record = new StateRecord(await openStore(folder), state, { device: fixtureDevice, root });
  const clock = { ...systemClock, nowMs: () => nowMs };
  return (bytes: Uint8Array, nonces: readonly string[]) =>
    peekDesired({ record, clock, nonces: () => nonces }, bytes);
}

const longAfterMs = fixtureTimes.expiresAtMs + 1;
const tooFarMs = fixtureTimes.issuedAtMs + 6 * 365 * 86_400_000;

for (const [when, nowMs, code] of [
  ["after the order's expiry", longAfterMs, "EXPIRED"],
  ["with a clock nobody believes", tooFarMs, "NOT_FRESH"],
] as const) {
  test(`${when}: the answer to either of two hellos is fresh, and says which it answers`, async () => {
    await using folder = await temporaryFolder();
    const peek = await device(folder.path, nowMs);
    for (const nonce of [said, carried]) {
      const { bytes } = signedDesired({ seq: 2, nonce });
      expect(peek(bytes, [said, carried]).answers).toBe(nonce);
      expect(peek(bytes, [carried, said]).answers).toBe(nonce);
    }
  });

  test(`${when}: what answers another hello, or none, is ${code}`, async () => {
    await using folder = await temporaryFolder();
    const peek = await device(folder.path, nowMs);
    for (const nonces of [[said, carried], [said], []]) {
      expect(refusal(() => peek(signedDesired({ seq: 2, nonce: other }).bytes, nonces))).toBe(code);
      expect(refusal(() => peek(signedDesired({ seq: 2 }).bytes, nonces))).toBe(code);
    }
  });
}

test("an answer of ours to a root that expired, by its own time, is EXPIRED under either nonce", async () => {
  await using folder = await temporaryFolder();
  const peek = await device(folder.path, fixtureTimes.nowMs);
  const expired = {
    issuedAt: formatTimestamp(Date.parse(fleetRoot().document.expires)),
    expires: "9999-12-31T23:59:59Z",
  };
  const { bytes } = signedDesired({ seq: 2, nonce: carried, ...expired });

  expect(refusal(() => peek(bytes, [said, carried]))).toBe("EXPIRED");
});

test("an answer is no way around the count or the keys", async () => {
  await using folder = await temporaryFolder();
  const peek = await device(folder.path, longAfterMs);

  const old = signedDesired({ seq: 0, nonce: carried }).bytes;
  const twice = signedDesired({ seq: 1, nonce: carried }).bytes;
  expect(refusal(() => peek(old, [said, carried]))).toMatch(/ROLLBACK|FORMAT/);
  expect(refusal(() => peek(twice, [said, carried]))).toBe("EQUIVOCATION");
});
