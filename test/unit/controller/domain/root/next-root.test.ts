import { acceptNextRoot, type KeyId, keyIdOf, Sha256 } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { nextRoot, type RootChanges } from "../../../../../controller/src/domain/root/next-root.ts";
import {
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  refusal,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../../../../support/trust-fixtures.ts";

const life = { nowMs: fixtureTimes.nowMs, lifeMs: 365 * 86_400_000 };
const [first, second, third] = fleetKeys.root;
const idOf = ({ publicKey }: { publicKey: Uint8Array }): KeyId => keyIdOf(publicKey);
const fresh = seedSigner("fresh");
const next = (changes: RootChanges) => nextRoot(rootDocument(), changes, life);

describe("the next root", () => {
  test("without a change is the same again, one version higher and fresh", () => {
    const { version, issuedAt, expires, ...rest } = next({});

    const { version: _v, issuedAt: _i, expires: _e, ...before } = rootDocument();
    expect(version).toBe(2);
    expect(Date.parse(expires) - Date.parse(issuedAt)).toBe(life.lifeMs);
    expect(rest).toEqual(before);
  });

  test("with another root key is taken by who holds two of the old, and of the new", () => {
    const document = next({ root: [{ from: idOf(first), to: fresh.publicKey }] });

    expect(document.keys).not.toHaveProperty(idOf(first));
    const accepted = acceptNextRoot(fleetRoot(), signDocument(document, [second, third]));
    expect(accepted.document.roles.root.keyids).toContain(idOf(fresh));
  });

  test("signed by the key that leaves and the key that comes alone is not taken", () => {
    const document = next({ root: [{ from: idOf(first), to: fresh.publicKey }] });

    expect(refusal(() => acceptNextRoot(fleetRoot(), signDocument(document, [first, fresh])))).toBe(
      "SIGNATURE",
    );
  });

  test("with another online key forgets the old one", () => {
    const { roles, keys } = next({ online: [fresh.publicKey] });

    expect(roles.online).toEqual({ keyids: [idOf(fresh)], threshold: 1 });
    expect(keys).not.toHaveProperty(idOf(fleetKeys.online));
  });

  test("changes the keys of the named release rule only", () => {
    const vision = { name: "vision", models: ["vision.*"], ...roleRule([fleetKeys.release], 1) };
    const rest = { name: "default", models: ["*"], ...roleRule([fleetKeys.release], 1) };
    const current = rootDocument({ roles: { ...rootDocument().roles, release: [vision, rest] } });

    const { roles } = nextRoot(
      current,
      { release: new Map([["vision", [fresh.publicKey]]]) },
      life,
    );

    expect(roles.release.map(({ keyids }) => keyids)).toEqual([
      [idOf(fresh)],
      [idOf(fleetKeys.release)],
    ]);
  });

  test("keeps what was revoked, and adds to it once", () => {
    const [one, two] = ["a".repeat(64), "b".repeat(64)].map((text) => Sha256.parse(text));
    if (one === undefined || two === undefined) throw new Error("expected two digests");
    const current = rootDocument({ revokedReleases: [one] });

    const { revokedReleases } = nextRoot(current, { revokeReleases: [one, two, two] }, life);

    expect(revokedReleases).toEqual([one, two]);
  });

  test("can ask for more signatures from more keys", () => {
    const { roles } = next({ addRoot: [fresh.publicKey], threshold: 3 });

    expect([roles.root.keyids.length, roles.root.threshold]).toEqual([4, 3]);
  });
});

describe("a revoked key", () => {
  test("leaves every role it has while the others suffice", () => {
    const { roles, keys } = next({ revoke: [idOf(first)] });

    expect(roles.root).toEqual({ keyids: [idOf(second), idOf(third)], threshold: 2 });
    expect(keys).not.toHaveProperty(idOf(first));
  });

  test("cannot leave when the threshold could not be met any more", () => {
    expect(refusal(() => next({ revoke: [idOf(first), idOf(second)] }))).toBe(
      "THRESHOLD_UNREACHABLE",
    );
    expect(refusal(() => next({ revoke: [idOf(fleetKeys.online)] }))).toBe("THRESHOLD_UNREACHABLE");
    expect(refusal(() => next({ revoke: [idOf(fleetKeys.release)] }))).toBe(
      "THRESHOLD_UNREACHABLE",
    );
  });

  test("must be a key of the root", () => {
    expect(refusal(() => next({ revoke: [idOf(fresh)] }))).toBe("ROOT_DRAFT");
  });
});

describe("no next root is made", () => {
  test("from a key that has no root role, or for a rule that is none", () => {
    const root = [{ from: idOf(fleetKeys.online), to: fresh.publicKey }];
    expect(refusal(() => next({ root }))).toBe("ROOT_DRAFT");
    const release = new Map([["speech", [fresh.publicKey]]]);
    expect(refusal(() => next({ release }))).toBe("ROOT_DRAFT");
  });

  test("that gives the online machine a root key", () => {
    expect(refusal(() => next({ online: [first.publicKey] }))).toBe("ROOT_DRAFT");
  });

  test("that two names of one key would hold", () => {
    const root = [
      { from: idOf(first), to: fresh.publicKey },
      { from: idOf(second), to: fresh.publicKey },
    ];
    expect(refusal(() => next({ root }))).toBe("ROOT_DRAFT");
  });

  test("with a root key in the place of another, which would be one fewer", () => {
    const root = [{ from: idOf(first), to: second.publicKey }];
    expect(refusal(() => next({ root }))).toBe("ROOT_DRAFT");
  });

  test("that wants more signatures than it has keys", () => {
    expect(refusal(() => next({ threshold: 4 }))).toBe("ROOT_DRAFT");
    expect(next({ threshold: 3 }).roles.root.threshold).toBe(3);
  });

  test("by a clock before the moment the current one was issued, but at that very moment", () => {
    const at = (nowMs: number) => refusal(() => nextRoot(rootDocument(), {}, { ...life, nowMs }));
    expect(at(fixtureTimes.issuedAtMs - 1)).toBe("ROOT_DRAFT");
    expect(at(fixtureTimes.issuedAtMs)).toBe("accepted");
  });
});
