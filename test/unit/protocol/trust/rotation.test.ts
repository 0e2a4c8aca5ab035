import {
  acceptNextRoot,
  adoptRoot,
  formatTimestamp,
  type RootDocument,
  type Signer,
  type TrustState,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { followDesired } from "../../../support/follow-desired.ts";
import {
  desiredDocument,
  fixtureTimes,
  fleetKeys,
  fleetState,
  keyTable,
  payloadDigest,
  refusal,
  releaseDocument,
  roleRule,
  rootDocument,
  type Signed,
  seedSigner,
  signDocument,
  signedRelease,
} from "../../../support/trust-fixtures.ts";

const DAY_MS = 86_400_000;
const nonce = Buffer.alloc(16, 3).toString("base64");
const [online2, release2] = [seedSigner("online 2"), seedSigner("release 2")];
const release = signedRelease();

/** A device that has accepted the highest number there is, and keeps the document. */
const last = desired(fleetKeys.online, { seq: Number.MAX_SAFE_INTEGER, nonce });
const state = followDesired(fleetState(), { desired: last, releases: [release], nonce });

describe("after every online key was replaced", () => {
  const rotated = walk(state, nextRoot({ online: [online2] }));

  test("F26: a device at the highest number counts from 1 again, once its nonce is answered", () => {
    const fresh = desired(online2, { seq: 1, nonce });
    const other = desired(online2, { seq: 1 });

    expect(state.seq).toBe(Number.MAX_SAFE_INTEGER);
    expect(offer(state, desired(fleetKeys.online, { seq: 1, nonce }), nonce)).toBe("ROLLBACK");
    expect(offer(rotated, fresh, nonce)).toBe("accepted");
    expect(offer(rotated, fresh)).toBe("NOT_FRESH");
    expect(offer(rotated, other, nonce)).toBe("NOT_FRESH");
  });

  test("F26: nothing of the old key is accepted, not even with a nonce", () => {
    expect(offer(rotated, last, nonce)).toBe("SIGNATURE");
    expect(offer(rotated, desired(fleetKeys.online, { seq: 7, nonce }), nonce)).toBe("SIGNATURE");
  });

  test("F23: a time floor that a thief pushed to the year 9999 comes back", () => {
    const ages = { issuedAt: "9999-12-31T00:00:00Z", expires: "9999-12-31T00:00:01Z" };
    const pushed = desired(fleetKeys.online, { seq: 8, ...ages });
    const victim = followDesired({ ...state, seq: 7 }, { desired: pushed, releases: [release] });
    const recovered = walk(victim, nextRoot({ online: [online2] }));

    expect(victim.timeFloorMs).toBe(Date.parse("9999-12-31T00:00:00Z"));
    expect(offer(victim, desired(fleetKeys.online, { seq: 9 }))).toBe("NOT_FRESH");
    expect(recovered.timeFloorMs).toBe(fixtureTimes.issuedAtMs);
    expect(offer(recovered, desired(online2, { seq: 1, nonce }), nonce)).toBe("accepted");
  });
});

describe("after an online key was only added", () => {
  test("F26: an old document that was kept is a rollback: the counter stands", () => {
    const early = desired(fleetKeys.online, { seq: 7 });
    const added = walk(state, nextRoot({ online: [fleetKeys.online, online2] }));

    expect(added.seq).toBe(Number.MAX_SAFE_INTEGER);
    expect(offer(added, early)).toBe("ROLLBACK");
    expect(offer(added, desired(online2, { seq: 1, nonce }), nonce)).toBe("ROLLBACK");
    expect(offer(added, last)).toBe("accepted");
  });
});

describe("after the keys of a release rule were replaced", () => {
  const accepted = followDesired(fleetState(), {
    desired: desired(fleetKeys.online, { seq: 1, nonce }),
    releases: [release],
    nonce,
  });
  const rotated = walk(accepted, nextRoot({ release: [release2] }));

  test("a release that only the old key signed cannot be installed any more", () => {
    expect(offer(accepted, desired(fleetKeys.online, { seq: 2 }))).toBe("accepted");
    expect(offer(rotated, desired(fleetKeys.online, { seq: 2 }))).toBe("SIGNATURE");
  });

  test("the same release, signed anew, can", () => {
    const anew = signDocument(releaseDocument(), [release2]);
    const signed = { bytes: anew, sha256: payloadDigest(anew) };

    expect(signed.sha256).toBe(release.sha256);
    expect(offer(rotated, desired(fleetKeys.online, { seq: 2 }), undefined, [signed])).toBe(
      "accepted",
    );
  });
});

/** January 1st, as documents write it. */
function newYear(year: number): string {
  return formatTimestamp(Date.UTC(year, 0, 1));
}

describe("the last root of a walk", () => {
  test("F19: may have expired: it is trusted, and nothing new is accepted under it", () => {
    const old = walk(
      state,
      nextRoot({ changes: { issuedAt: newYear(2020), expires: newYear(2021) } }),
    );

    expect(old.root.document.version).toBe(2);
    expect(offer({ ...old, seq: 7 }, desired(fleetKeys.online, { seq: 8 }))).toBe("EXPIRED");
  });

  test("F24: is reached over years and new keys; a nonce makes the first document news", () => {
    const years = [2027, 2028, 2029, 2030, 2031];
    const walked = years.reduce((from, year, index) => {
      const keys = [1, 2, 3].map((number) => seedSigner(`root ${number} of ${year}`));
      const online = [seedSigner(`online of ${year}`)];
      const before = [1, 2, 3].map((number) => seedSigner(`root ${number} of ${year - 1}`));
      const signers = [...(index === 0 ? fleetKeys.root : before), ...keys];
      const changes = { issuedAt: newYear(year), expires: newYear(year + 1) };
      return walk(from, nextRoot({ from, root: keys, online, signers, changes }));
    }, state);
    const nowMs = Date.UTC(2031, 5, 1);
    const times = {
      issuedAt: formatTimestamp(nowMs),
      expires: formatTimestamp(nowMs + 7 * DAY_MS),
      rootVersion: 6,
    };
    const answer = desired(seedSigner("online of 2031"), { seq: 1, nonce, ...times });

    expect(walked).toMatchObject({
      seq: 0,
      desiredSha256: null,
      timeFloorMs: Date.UTC(2031, 0, 1),
    });
    expect(offer(walked, answer)).toBe("NOT_FRESH");
    expect(offer(walked, answer, nonce)).toBe("accepted");
  });
});

interface Next {
  readonly from?: TrustState;
  readonly root?: readonly Signer[];
  readonly online?: readonly Signer[];
  readonly release?: readonly Signer[];
  readonly signers?: readonly Signer[];
  readonly changes?: Partial<RootDocument>;
}

function nextRoot(next: Next): Uint8Array {
  const { root = fleetKeys.root, online = [fleetKeys.online] } = next;
  const releaseKeys = next.release ?? [fleetKeys.release];
  const document = rootDocument({
    version: (next.from ?? state).root.document.version + 1,
    keys: keyTable([...root, ...online, ...releaseKeys]),
    roles: {
      root: roleRule(root, 2),
      release: [{ name: "default", models: ["*"], ...roleRule(releaseKeys, 1) }],
      online: roleRule(online, 1),
    },
    ...next.changes,
  });
  return signDocument(document, next.signers ?? root);
}

function walk(from: TrustState, bytes: Uint8Array): TrustState {
  return adoptRoot(from, acceptNextRoot(from.root, bytes, verifySignatureNative));
}

function desired(signer: Signer, changes: object): Uint8Array {
  return signDocument(desiredDocument(changes), [signer]);
}

function offer(
  to: TrustState,
  bytes: Uint8Array,
  expected?: string,
  releases: readonly Signed[] = [release],
): string {
  const given = expected === undefined ? {} : { nonce: expected };
  return refusal(() => followDesired(to, { desired: bytes, releases, ...given }));
}
