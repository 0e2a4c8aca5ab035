import { describe, expect, test } from "vitest";
import { keyPool, openLedger, satisfies } from "../../fuzz/ledger.ts";
import { pick } from "../../fuzz/prepared.ts";
import { readBase64, readEnvelope } from "../../fuzz/read-envelope.ts";
import { readJson } from "../../fuzz/read-json.ts";
import { seededRandom } from "../../support/random.ts";

describe("the oracle's JSON", () => {
  test.each([
    ["null", null],
    [' [1, -2.5e3, true, "a\\u00e9\\n\\"]"] ', [1, -2_500, true, 'aé\n"]']],
    [
      '{"a":{},"b":[]}',
      new Map<string, unknown>([
        ["a", new Map()],
        ["b", []],
      ]),
    ],
  ])("reads %s", (text, value) => {
    expect(readJson(Buffer.from(text))?.value).toEqual(value);
  });

  test.each([
    "",
    "{",
    "[1,]",
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":1}',
    "01",
    "1e400",
    "1 2",
    "'a'",
    '"\u0001"',
    "\uFEFF1",
    "[".repeat(17) + "]".repeat(17),
  ])("refuses %j", (text) => {
    expect(readJson(Buffer.from(text))).toBeUndefined();
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(readJson(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined();
  });
});

describe("the oracle's base64", () => {
  test.each([
    ["", ""],
    ["+/8=", "fbff"],
    ["-_8=", "fbff"],
    ["AA==", "00"],
  ])("reads %j", (text, hex) => {
    expect(readBase64(text)?.toString("hex")).toBe(hex);
  });

  test.each([
    "A",
    "AA",
    "AA=",
    "AB==",
    "AAB=",
    "+_8=",
    "AA==\n",
    "A===",
    "====",
  ])("refuses %j", (text) => {
    expect(readBase64(text)).toBeUndefined();
  });
});

describe("the oracle's count of signatures", () => {
  const random = seededRandom(1);
  const [alice, bob] = [pick(random, keyPool.slice(0, 9)), pick(random, keyPool.slice(9))];
  const type = "application/vnd.modelfleet.desired.v1+json" as const;
  const payload = Buffer.from("{}");
  const demand = { type, payload, rosters: [{ members: [alice, bob], threshold: 2 }] };
  const ledger = openLedger();
  const signatures = [alice, bob].map((one) => ({
    keyid: one.keyid,
    sig: ledger.sign(one, type, payload).toString("base64"),
  }));
  const envelope = (changes: object) =>
    Buffer.from(JSON.stringify({ payloadType: type, payload: "e30=", signatures, ...changes }));

  test("is satisfied by what was signed, and by nothing less", () => {
    const [first] = signatures;

    expect(satisfies(envelope({}), demand, ledger)).toBe(true);
    expect(satisfies(envelope({ signatures: [first] }), demand, ledger)).toBe(false);
    expect(satisfies(envelope({ signatures: [first, first] }), demand, ledger)).toBe(false);
    expect(satisfies(envelope({ payload: "e30K" }), demand, ledger)).toBe(false);
    expect(satisfies(envelope({ payloadType: `${type}x` }), demand, ledger)).toBe(false);
    expect(satisfies(envelope({}), demand, openLedger())).toBe(false);
  });

  test("reads no envelope above 32 KiB", () => {
    const padding = 32_768 - envelope({}).length;

    expect(readEnvelope(Buffer.concat([envelope({}), Buffer.alloc(padding, " ")]))).toBeDefined();
    expect(
      readEnvelope(Buffer.concat([envelope({}), Buffer.alloc(padding + 1, " ")])),
    ).toBeUndefined();
  });
});
