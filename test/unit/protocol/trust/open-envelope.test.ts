import {
  checkEnvelope,
  decodeEnvelope,
  encodeBase64,
  encodeEnvelope,
  keyIdOf,
  openEnvelope,
  pae,
  payloadTypes,
  sha256,
  signEnvelope,
  type Verifier,
  verifySignature,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  alice,
  bob,
  carol,
  editedEnvelope,
  honestEnvelope as honest,
  openAs,
  envelopePayload as payload,
  roleOfKeys,
  envelopeType as type,
  withSignature,
} from "../../../support/envelope-fixtures.ts";
import { refusal, seedSigner } from "../../../support/trust-fixtures.ts";

describe("openEnvelope", () => {
  test("returns the signed bytes and their digest", () => {
    const opened = openEnvelope(honest, type, roleOfKeys([alice], 1));

    expect(opened).toEqual({ payload, sha256: sha256(payload) });
  });

  test("refuses another key's signature, also under the role's keyid", () => {
    const forged = encodeEnvelope(type, payload, [
      { keyid: keyIdOf(alice.publicKey), sig: bob.sign(pae(type, payload)) },
    ]);

    expect(openAs(signEnvelope(type, payload, [bob]))).toBe("SIGNATURE");
    expect(openAs(forged)).toBe("SIGNATURE");
  });

  test("F2: refuses an envelope without signatures", () => {
    expect(openAs(encodeEnvelope(type, payload, []))).toBe("SIGNATURE");
    expect(openAs(editedEnvelope((json) => ({ ...json, signatures: undefined })))).toBe("FORMAT");
  });

  test("F2: refuses another payload under the same signature", () => {
    const other = encodeBase64(Buffer.from('{"type":"desired" }'));

    expect(openAs(editedEnvelope((json) => ({ ...json, payload: other })))).toBe("SIGNATURE");
  });

  test.each(
    Object.values(payloadTypes).filter((other) => other !== type),
  )("refuses %s where desired is expected", (other) => {
    expect(openAs(signEnvelope(other, payload, [alice]))).toBe("TYPE");
  });

  test("refuses a signature made for another type even when the type is renamed", () => {
    const telemetry = decodeEnvelope(signEnvelope(payloadTypes.telemetry, payload, [alice]));

    expect(openAs(encodeEnvelope(type, payload, telemetry.signatures))).toBe("SIGNATURE");
  });
});

describe("a threshold", () => {
  test("F4: the same signature nine times is a repeated keyid, not nine of a threshold of six", () => {
    const nine = Array.from({ length: 9 }, () => alice);
    const six = Array.from({ length: 6 }, (_, index) => seedSigner(`signer ${index}`));
    const role = roleOfKeys([alice, ...six], 6);

    expect(openAs(signEnvelope(type, payload, nine), role)).toBe("DUP_KEYID");
    expect(openAs(signEnvelope(type, payload, [...six, alice, alice]), role)).toBe("DUP_KEYID");
    expect(openAs(signEnvelope(type, payload, six), role)).toBe("accepted");
  });

  test("counts one public key once, even if a role listed it under two ids", () => {
    const sig = alice.sign(pae(type, payload));
    const other = sha256(Buffer.from("another name"));
    const twice = encodeEnvelope(type, payload, [
      { keyid: keyIdOf(alice.publicKey), sig },
      { keyid: other, sig },
    ]);
    const keys = new Map([...roleOfKeys([alice], 1).keys, [other, alice.publicKey] as const]);

    expect(openAs(twice, { keys, threshold: 2 })).toBe("SIGNATURE");
    expect(openAs(twice, { keys, threshold: 1 })).toBe("accepted");
  });

  test("meets a threshold of two with two keys and not with one", () => {
    const role = roleOfKeys([alice, bob, carol], 2);

    expect(openAs(signEnvelope(type, payload, [carol, alice]), role)).toBe("accepted");
    expect(openAs(signEnvelope(type, payload, [carol]), role)).toBe("SIGNATURE");
    expect(() => openEnvelope(honest, type, role, verifySignatureNative)).toThrow(
      "expected valid signatures by 2 of 3 keys, got 1",
    );
  });

  test("F6: tolerates a wrong, an empty and an unknown signature beside enough good ones", () => {
    const mixed = encodeEnvelope(type, payload, [
      { keyid: keyIdOf(bob.publicKey), sig: new Uint8Array(64).fill(7) },
      { keyid: keyIdOf(carol.publicKey), sig: new Uint8Array(0) },
      { keyid: "nobody knows me", sig: new Uint8Array(64) },
      { keyid: keyIdOf(alice.publicKey), sig: alice.sign(pae(type, payload)) },
    ]);

    expect(openAs(mixed, roleOfKeys([alice, bob, carol], 1))).toBe("accepted");
    expect(openAs(mixed, roleOfKeys([alice, bob, carol], 2))).toBe("FORMAT");
    expect(() =>
      openEnvelope(withSignature("AAAA"), type, roleOfKeys([alice], 1), verifySignatureNative),
    ).toThrow("sig: expected 64 bytes, got another length");
  });

  test("takes 16 signatures and refuses 17", () => {
    const json = JSON.parse(Buffer.from(honest).toString()) as { signatures: object[] };
    const strangers = Array.from({ length: 17 }, (_, index) => ({ keyid: `${index}`, sig: "" }));
    const withExtra = (count: number) =>
      editedEnvelope(() => ({
        ...json,
        signatures: [...json.signatures, ...strangers.slice(0, count)],
      }));

    expect(openAs(withExtra(15))).toBe("accepted");
    expect(openAs(withExtra(16))).toBe("FORMAT");
    expect(() =>
      openEnvelope(withExtra(16), type, roleOfKeys([alice], 1), verifySignatureNative),
    ).toThrow("expected ≤ 16 signatures, got 17");
  });

  test.each([0, -1, 1.5, Number.NaN])("treats a threshold of %d as our own bug", (threshold) => {
    expect(() => openEnvelope(honest, type, roleOfKeys([alice], threshold))).toThrow(
      new RangeError(`expected a threshold ≥ 1, got ${threshold}`),
    );
  });
});

describe("a verdict", () => {
  test("says which type was expected, and what is wrong with repeated keyids", () => {
    const role = roleOfKeys([alice], 1);
    const twice = signEnvelope(type, payload, [alice, alice]);

    expect(() => openEnvelope(honest, payloadTypes.root, role)).toThrow(
      "expected payload type application/vnd.modelfleet.root.v1+json, got another",
    );
    expect(() => openEnvelope(twice, type, role)).toThrow(
      "expected each keyid once, got one twice",
    );
  });

  test("asks the verifier it was given about keys of the role alone, and looks at no payload that it does not vouch for", () => {
    const asked: unknown[] = [];
    const never: Verifier = (...values) => {
      asked.push(values);
      return false;
    };

    const both = signEnvelope(type, payload, [bob, alice]);

    expect(refusal(() => openEnvelope(both, type, roleOfKeys([alice], 1), never))).toBe(
      "SIGNATURE",
    );
    expect(asked).toEqual([[alice.publicKey, pae(type, payload), alice.sign(pae(type, payload))]]);
  });

  test.each([
    ["tweetnacl", verifySignature],
    ["native", verifySignatureNative],
  ])("gives the same verdicts with %s", (_, verify) => {
    const by = (threshold: number) => ({ role: roleOfKeys([alice, bob], threshold), verify });
    const check = (bytes: Uint8Array, threshold: number) =>
      refusal(() => checkEnvelope(decodeEnvelope(bytes), type, by(threshold)));

    expect(check(honest, 1)).toBe("accepted");
    expect(check(honest, 2)).toBe("SIGNATURE");
    expect(check(signEnvelope(type, payload, [carol]), 1)).toBe("SIGNATURE");
    expect(check(withSignature(encodeBase64(new Uint8Array(64).fill(1))), 1)).toBe("SIGNATURE");
  });
});
