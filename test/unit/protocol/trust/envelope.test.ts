import {
  decodeEnvelope,
  documentLimits,
  encodeBase64,
  keyIdOf,
  pae,
  signEnvelope,
  VerifyError,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  alice,
  bob,
  editedEnvelope,
  envelopePayload,
  envelopeType,
  honestEnvelope,
  honestSignature,
  openAs,
  roleOfKeys,
  withSignature,
} from "../../../support/envelope-fixtures.ts";
import { refusal } from "../../../support/trust-fixtures.ts";

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

describe("the form of an envelope", () => {
  const sig = honestSignature;

  test("F3: takes the URL alphabet of base64", () => {
    const bytes = Uint8Array.of(0xfb, 0xff, 0xfe);
    const signed = withSignature(urlAlphabet(encodeBase64(alice.sign(pae(envelopeType, bytes)))));
    const json = JSON.parse(Buffer.from(signed).toString()) as object;

    expect(openAs(Buffer.from(JSON.stringify({ ...json, payload: "-__-" })))).toBe("accepted");
    expect(openAs(withSignature(urlAlphabet(sig)))).toBe("accepted");
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
  ])("F3: refuses a signature with %s", (_, text) => {
    expect(openAs(withSignature(text))).toBe("FORMAT");
  });

  test.each([
    ["a space", (text: string) => ` ${text}`],
    ["no padding", (text: string) => `${text}A`],
    ["an exclamation mark", (text: string) => text.replace(/^./, "!")],
    ["hex", (text: string) => `${Buffer.from(text, "base64").toString("hex")}0`],
    ["both alphabets", () => "+_AA"],
  ])("F3: refuses a payload with %s, and says which it was", (_, change) => {
    const text = encodeBase64(envelopePayload);
    const open = () =>
      decodeEnvelope(editedEnvelope((json) => ({ ...json, payload: change(text) })));

    expect(open).toThrow(VerifyError);
    expect(open).toThrow(/^payload: expected padded base64/);
    expect(() => decodeEnvelope(withSignature("!"))).toThrow(/^sig: expected padded base64/);
  });

  test.each(["null", "[]", "7", '"x"', "{}", "", "not json"])("refuses %j", (text) => {
    expect(openAs(Buffer.from(text))).toBe("FORMAT");
  });

  test("refuses members of another kind, and says what an envelope has", () => {
    const [signature] = [{ keyid: keyIdOf(alice.publicKey), sig }];
    const open = (changes: object) => openAs(editedEnvelope((json) => ({ ...json, ...changes })));

    expect(open({ signatures: [signature] })).toBe("accepted");
    for (const signatures of [undefined, null, signature, [sig], [{ ...signature, sig: 7 }]]) {
      expect(open({ signatures })).toBe("FORMAT");
    }
    for (const payload of [undefined, null, 7, [], {}]) expect(open({ payload })).toBe("FORMAT");
    for (const payloadType of [undefined, null, 7]) expect(open({ payloadType })).toBe("FORMAT");
    expect(() => decodeEnvelope(Buffer.from("[]"))).toThrow(
      /^expected an envelope with payloadType, payload, signatures$/,
    );
  });

  test("takes a type and keyid of 128 and a signature of 256 characters, and no longer ones", () => {
    const decode = (changes: object) =>
      refusal(() => decodeEnvelope(editedEnvelope((json) => ({ ...json, ...changes }))));
    const one = (keyid: number, sigLength: number) => ({
      signatures: [{ keyid: "k".repeat(keyid), sig: "A".repeat(sigLength) }],
    });

    expect(decode({ payloadType: "t".repeat(128) })).toBe("accepted");
    expect(decode({ payloadType: "t".repeat(129) })).toBe("FORMAT");
    expect(decode(one(128, 256))).toBe("accepted");
    expect(decode(one(129, 256))).toBe("FORMAT");
    expect(decode(one(128, 260))).toBe("FORMAT");
  });

  test("has members that nobody knows without a meaning", () => {
    expect(openAs(editedEnvelope((json) => ({ ...json, later: true })))).toBe("accepted");
  });

  test("F28: takes an envelope of exactly 32 KiB and refuses one byte more", () => {
    const padded = (size: number) =>
      Buffer.concat([honestEnvelope, Buffer.alloc(size - honestEnvelope.length, " ")]);

    expect(openAs(padded(documentLimits.envelopeBytesMax))).toBe("accepted");
    expect(openAs(padded(documentLimits.envelopeBytesMax + 1))).toBe("SIZE");
  });

  test("takes a payload of exactly 15,000 bytes and refuses one byte more", () => {
    const sized = (size: number) => {
      const body = new Uint8Array(size);
      const signed = withSignature(encodeBase64(alice.sign(pae(envelopeType, body))));
      const json = JSON.parse(Buffer.from(signed).toString()) as object;
      return Buffer.from(JSON.stringify({ ...json, payload: encodeBase64(body) }));
    };

    expect(openAs(sized(15_000))).toBe("accepted");
    expect(openAs(sized(15_001))).toBe("SIZE");
    expect(() => decodeEnvelope(sized(15_001))).toThrow(
      "expected a payload ≤ 15000 bytes, got 15001",
    );
    expect(refusal(() => signEnvelope(envelopeType, new Uint8Array(15_001), [alice]))).toBe("SIZE");
  });

  test("that is no bytes at all is a caller's mistake, and no verdict", () => {
    expect(() => decodeEnvelope(undefined as never)).toThrow(TypeError);
  });
});

describe("a changed envelope", () => {
  const both = signEnvelope(envelopeType, envelopePayload, [alice, bob]);

  test.each([
    ["one signature", honestEnvelope, 1],
    ["one signature more than needed", both, 1],
    ["just enough signatures", both, 2],
  ])("F2: with %s is refused at each byte, unless all that counts decodes unchanged", (_, envelope, threshold) => {
    const role = roleOfKeys([alice, bob], threshold);
    const changed = [...envelope.keys()].flatMap((at) =>
      [0x01, 0x20, 0x80].map((mask) => envelope.with(at, (envelope[at] ?? 0) ^ mask)),
    );
    const verdicts = changed.map((bytes) => ({ bytes, verdict: openAs(bytes, role) }));

    const accepted = verdicts.filter(({ verdict }) => verdict === "accepted");
    expect(accepted.filter(({ bytes }) => !decodesToTheSame(bytes, threshold))).toEqual([]);
    const foreseen = ["accepted", "SIGNATURE", "FORMAT", "TYPE"];
    expect(verdicts.filter(({ verdict }) => !foreseen.includes(verdict))).toEqual([]);
  });

  test.each([
    0.25, 0.5, 0.75, 0.99,
  ])("F2: is refused when only the first %d of it came", (share) => {
    const length = Math.floor(honestEnvelope.length * share);

    expect(openAs(honestEnvelope.subarray(0, length))).toBe("FORMAT");
  });
});

/** Type, payload and as many signatures as are needed. */
function decodesToTheSame(bytes: Uint8Array, threshold: number): boolean {
  const { payloadType, payload, signatures } = decodeEnvelope(bytes);
  const message = pae(envelopeType, envelopePayload);
  const expected = [alice, bob].map((signer) => encodeBase64(signer.sign(message)));
  const kept = signatures.filter(({ sig }) => expected.includes(encodeBase64(sig)));
  const isSame = Buffer.compare(payload, envelopePayload) === 0;
  return payloadType === envelopeType && isSame && kept.length >= threshold;
}

function urlAlphabet(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_");
}
