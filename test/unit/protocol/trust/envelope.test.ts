import {
  decodeEnvelope,
  documentLimits,
  encodeBase64,
  encodeEnvelope,
  keyIdOf,
  openEnvelope,
  pae,
  payloadTypes,
  type Signer,
  sha256,
  signEnvelope,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { refusal, seedSigner } from "../../../support/trust-fixtures.ts";

const [alice, bob, carol] = [seedSigner("alice"), seedSigner("bob"), seedSigner("carol")];
const type = payloadTypes.desired;
const payload = new Uint8Array(Buffer.from('{"type":"desired"}'));
const honest = signEnvelope(type, payload, [alice]);

describe("pae", () => {
  test("is the encoding of the DSSE specification's example", () => {
    const encoded = pae("http://example.com/HelloWorld", Buffer.from("hello world"));

    expect(Buffer.from(encoded).toString()).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  test("counts bytes, not characters", () => {
    expect(Buffer.from(pae("é", new Uint8Array(0))).toString()).toBe("DSSEv1 2 é 0 ");
  });
});

describe("openEnvelope", () => {
  test("returns the signed bytes and their digest", () => {
    const opened = openEnvelope(honest, type, roleOfKeys([alice], 1));

    expect(opened).toEqual({ payload, sha256: sha256(payload) });
  });

  test("refuses another key's signature, also under the role's keyid", () => {
    const message = pae(type, payload);
    const forged = encodeEnvelope(type, payload, [
      { keyid: keyIdOf(alice.publicKey), sig: bob.sign(message) },
    ]);

    expect(open(signEnvelope(type, payload, [bob]))).toBe("SIGNATURE");
    expect(open(forged)).toBe("SIGNATURE");
  });

  test("refuses an envelope without signatures", () => {
    expect(open(encodeEnvelope(type, payload, []))).toBe("SIGNATURE");
    expect(open(edited((json) => ({ ...json, signatures: undefined })))).toBe("FORMAT");
  });

  test("refuses another payload under the same signature", () => {
    const other = encodeBase64(Buffer.from('{"type":"desired" }'));

    expect(open(edited((json) => ({ ...json, payload: other })))).toBe("SIGNATURE");
  });

  test.each(
    Object.values(payloadTypes).filter((other) => other !== type),
  )("refuses %s where desired is expected", (other) => {
    expect(open(signEnvelope(other, payload, [alice]))).toBe("TYPE");
  });

  test("refuses a signature made for another type even when the type is renamed", () => {
    const [telemetry] = decodeEnvelope(
      signEnvelope(payloadTypes.telemetry, payload, [alice]),
    ).signatures;
    const renamed = encodeEnvelope(type, payload, telemetry === undefined ? [] : [telemetry]);

    expect(open(renamed)).toBe("SIGNATURE");
  });

  test("counts distinct keys: one signer twice is a repeated keyid", () => {
    const nine = Array.from({ length: 9 }, () => alice);

    expect(open(signEnvelope(type, payload, nine), roleOfKeys([alice, bob], 2))).toBe("DUP_KEYID");
  });

  test("counts one public key once, even if a role listed it under two ids", () => {
    const message = pae(type, payload);
    const other = sha256(Buffer.from("another name"));
    const twice = encodeEnvelope(type, payload, [
      { keyid: keyIdOf(alice.publicKey), sig: alice.sign(message) },
      { keyid: other, sig: alice.sign(message) },
    ]);
    const keys = new Map([...roleOfKeys([alice], 1).keys, [other, alice.publicKey] as const]);

    expect(open(twice, { keys, threshold: 2 })).toBe("SIGNATURE");
  });

  test("meets a threshold of two with two keys and not with one", () => {
    const role = roleOfKeys([alice, bob, carol], 2);

    expect(open(signEnvelope(type, payload, [carol, alice]), role)).toBe("accepted");
    expect(open(signEnvelope(type, payload, [carol]), role)).toBe("SIGNATURE");
  });

  test("tolerates a wrong, an empty and an unknown signature beside enough good ones", () => {
    const message = pae(type, payload);
    const mixed = encodeEnvelope(type, payload, [
      { keyid: keyIdOf(bob.publicKey), sig: new Uint8Array(64).fill(7) },
      { keyid: keyIdOf(carol.publicKey), sig: new Uint8Array(0) },
      { keyid: "nobody knows me", sig: new Uint8Array(64) },
      { keyid: keyIdOf(alice.publicKey), sig: alice.sign(message) },
    ]);

    expect(open(mixed, roleOfKeys([alice, bob, carol], 1))).toBe("accepted");
    expect(open(mixed, roleOfKeys([alice, bob, carol], 2))).toBe("FORMAT");
  });

  test("takes 16 signatures and refuses 17", () => {
    const signers = Array.from({ length: 17 }, (_, index) => seedSigner(`signer ${index}`));
    const json = JSON.parse(Buffer.from(honest).toString()) as { signatures: object[] };
    const extra = signers.map((one) => ({ keyid: keyIdOf(one.publicKey), sig: "" }));
    const withExtra = (count: number) =>
      edited(() => ({ ...json, signatures: [...json.signatures, ...extra.slice(0, count)] }));

    expect(open(withExtra(15))).toBe("accepted");
    expect(open(withExtra(16))).toBe("FORMAT");
  });

  test.each([0, -1, 1.5, Number.NaN])("treats a threshold of %d as our own bug", (threshold) => {
    expect(() => openEnvelope(honest, type, roleOfKeys([alice], threshold))).toThrow(RangeError);
  });
});

describe("the form of an envelope", () => {
  const { sig } = firstSignature();

  test("takes the URL alphabet of base64", () => {
    expect(open(withSig(urlAlphabet(sig)))).toBe("accepted");
  });

  test.each([
    ["a space", ` ${sig}`],
    ["a line end", `${sig}\n`],
    ["no padding", sig.replace(/=+$/, "")],
    ["an exclamation mark", sig.replace(/^./, "!")],
    ["63 bytes", encodeBase64(Buffer.from(sig, "base64").subarray(1))],
    ["65 bytes", encodeBase64(Buffer.concat([Buffer.from(sig, "base64"), Buffer.of(0)]))],
    ["no bytes", ""],
    ["hex", Buffer.from(sig, "base64").toString("hex")],
  ])("refuses a signature with %s", (_, text) => {
    expect(open(withSig(text))).toBe("FORMAT");
  });

  test.each(["null", "[]", "7", '"x"', "{}", "", "not json"])("refuses %j", (text) => {
    expect(open(Buffer.from(text))).toBe("FORMAT");
  });

  test("refuses repeated keys, which two readers may read differently", () => {
    const text = Buffer.from(honest).toString().replace("{", '{"payload":"",');

    expect(open(Buffer.from(text))).toBe("FORMAT");
  });

  test("takes an envelope of exactly 32 KiB and refuses one byte more", () => {
    const padded = (size: number) =>
      Buffer.concat([honest, Buffer.alloc(size - honest.length, " ")]);

    expect(open(padded(documentLimits.envelopeBytesMax))).toBe("accepted");
    expect(open(padded(documentLimits.envelopeBytesMax + 1))).toBe("SIZE");
  });

  test("takes a payload of exactly 15,000 bytes and refuses one byte more", () => {
    const sized = (size: number) => {
      const body = new Uint8Array(size);
      const signature = {
        keyid: keyIdOf(alice.publicKey),
        sig: encodeBase64(alice.sign(pae(type, body))),
      };
      return Buffer.from(
        JSON.stringify({ payloadType: type, payload: encodeBase64(body), signatures: [signature] }),
      );
    };

    expect(open(sized(15_000))).toBe("accepted");
    expect(open(sized(15_001))).toBe("SIZE");
    expect(refusal(() => signEnvelope(type, new Uint8Array(15_001), [alice]))).toBe("SIZE");
  });

  test("has no byte whose change is accepted with another meaning", { timeout: 60_000 }, () => {
    const changed = [...honest.keys()].flatMap((at) =>
      [0x01, 0x20, 0x80].map((mask) =>
        honest.map((byte, index) => (index === at ? byte ^ mask : byte)),
      ),
    );

    const misread = changed.filter((bytes) => {
      if (open(bytes) !== "accepted") return false;
      return Buffer.compare(decodeEnvelope(bytes).payload, payload) !== 0;
    });

    expect(misread).toEqual([]);
  });

  test.each([0.25, 0.5, 0.75, 0.99])("refuses the first %d of itself", (share) => {
    expect(open(honest.subarray(0, Math.floor(honest.length * share)))).toBe("FORMAT");
  });
});

function roleOfKeys(signers: readonly Signer[], threshold: number) {
  const keys = signers.map(({ publicKey }) => [keyIdOf(publicKey), publicKey] as const);
  return { keys: new Map(keys), threshold };
}

function open(bytes: Uint8Array, role = roleOfKeys([alice], 1)): string {
  return refusal(() => openEnvelope(bytes, type, role));
}

function edited(change: (json: Record<string, unknown>) => object): Uint8Array {
  const json = JSON.parse(Buffer.from(honest).toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify(change(json)));
}

function firstSignature(): { keyid: string; sig: string } {
  const [first] = decodeEnvelope(honest).signatures;
  return { keyid: keyIdOf(alice.publicKey), sig: encodeBase64(first?.sig ?? new Uint8Array(0)) };
}

function withSig(text: string): Uint8Array {
  return edited((json) => ({ ...json, signatures: [{ ...firstSignature(), sig: text }] }));
}

function urlAlphabet(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_");
}
