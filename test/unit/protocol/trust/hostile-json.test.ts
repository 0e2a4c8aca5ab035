import {
  checkDesired,
  payloadTypes,
  signEnvelope,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { honestEnvelope, openAs } from "../../../support/envelope-fixtures.ts";
import {
  desiredDocument,
  fixtureTimes,
  fleetKeys,
  fleetState,
  refusal,
} from "../../../support/trust-fixtures.ts";

const state = fleetState();
const context = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };
const honest = JSON.stringify(desiredDocument());

/** Bytes that look like JSON to a careless reader, of the families that parsers are known to differ on. */
const malformed: readonly [story: string, bytes: string | Uint8Array][] = [
  ["nothing", ""],
  ["a space", " "],
  ["a byte order mark alone", "\uFEFF"],
  ["an array with an extra comma", "[1,]"],
  ["an array with two commas", "[1,,2]"],
  ["an array with a comma first", "[,1]"],
  ["an array with a colon", '["":1]'],
  ["an array that is not closed", '["x"'],
  ["an array closed twice", '["x"]]'],
  ["an array with a star", "[*]"],
  ["an array without a comma", "[3 [4]]"],
  ["an array of an ellipsis", "[1, ...]"],
  ["an array closed as an object", "[1}"],
  ["an object that is not closed", '{"a":1'],
  ["an object closed as an array", '{"a":1]'],
  ["an object with a trailing comma", '{"a":1,}'],
  ["an object with two commas", '{"a":1,,"b":2}'],
  ["an object with two colons", '{"a"::1}'],
  ["an object without a colon", '{"a" 1}'],
  ["an object with a comma for the colon", '{"a",1}'],
  ["an object without a value", '{"a":}'],
  ["an object with a bare key", "{a:1}"],
  ["an object with a single-quoted key", "{'a':1}"],
  ["an object with a number as key", "{1:1}"],
  ["an object with a bracketed key", '{[1]:"a"}'],
  ["an object with garbage at the end", '{"a":1}#'],
  ["an object with an opening slash at the end", '{"a":1}/'],
  ["two documents", "{}{}"],
  ["two documents in two lines", "{}\n{}"],
  ["a block comment", '{"a":/* why */1}'],
  ["a line comment", '{"a":1} // why'],
  ["a hash comment", '{"a":1} # why'],
  ["a leading plus", "[+1]"],
  ["a leading zero", "[012]"],
  ["a negative leading zero", "[-012]"],
  ["a point first", "[.5]"],
  ["a point last", "[5.]"],
  ["a point before the exponent", "[5.e3]"],
  ["two points", "[1.2.3]"],
  ["an empty exponent", "[1e]"],
  ["a signed empty exponent", "[1e+]"],
  ["two exponents", "[1e2e3]"],
  ["a minus alone", "[-]"],
  ["two minuses", "[--1]"],
  ["a minus and a space", "[- 1]"],
  ["hexadecimal", "[0x1F]"],
  ["a digit separator", "[1_000]"],
  ["a big integer", "[1n]"],
  ["a full-width digit", "[\uFF11]"],
  ["not a number", "[NaN]"],
  ["infinity", "[Infinity]"],
  ["minus infinity", "[-Infinity]"],
  ["a number too large for a double", "[1e999]"],
  ["a negative number too large for a double", "[-1e999]"],
  ["True in capitals", "[True]"],
  ["nul", "[nul]"],
  ["undefined", "[undefined]"],
  ["a string that is not closed", '["a'],
  ["a string in single quotes", "['a']"],
  ["a string with a line end", '["a\nb"]'],
  ["a string with a tab", '["a\tb"]'],
  ["a string with NUL", '["a\0b"]'],
  ["a string with an escaped x", '["\\x41"]'],
  ["a string with an escaped capital U", '["\\U0041"]'],
  ["a string with an escaped emoji", '["\\\u{1F600}"]'],
  ["a string with half an escape", '["\\u00A"]'],
  ["a string that ends in a backslash", '["\\"]'],
  ["a string with an escaped line end", '["a\\\nb"]'],
  ["smart quotes", "[\u201Ca\u201D]"],
  ["a no-break space", "[\u00A01]"],
  ["a form feed", "[\f1]"],
  ["a word joiner", "[\u20601]"],
  ["a lone continuation byte", Uint8Array.of(0x5b, 0x22, 0x80, 0x22, 0x5d)],
  ["an overlong slash", Uint8Array.of(0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d)],
  ["half a character", Uint8Array.of(0x5b, 0x22, 0xe2, 0x82, 0x22, 0x5d)],
  ["a surrogate in UTF-8", Uint8Array.of(0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d)],
  ["Latin-1", Buffer.from('["é"]', "latin1")],
  ["UTF-16", Buffer.from('["a"]', "utf16le")],
  ["a repeated key", '{"a":1,"a":1}'],
  ["a repeated key, once escaped", '{"a":1,"\\u0061":1}'],
  ["a repeated key further in", '{"a":[{"b":{"c":1,"c":2}}]}'],
  ["__proto__", '{"__proto__":{"polluted":true}}'],
  ["an escaped __proto__", '{"\\u005f_proto__":{"polluted":true}}'],
  ["17 levels", `${"[".repeat(17)}${"]".repeat(17)}`],
];

describe.each(malformed)("%s", (_, bytes) => {
  test("F28: is refused as an envelope, and as what an envelope holds", () => {
    expect(openAs(Buffer.from(bytes))).toBe("FORMAT");
    expect(openPayload(Buffer.from(bytes))).toBe("FORMAT");
  });

  test("F28: is refused as a member of a good envelope and of a good document", () => {
    expect(openAs(withMember(honestEnvelope, bytes))).toBe("FORMAT");
    expect(openPayload(withMember(Buffer.from(honest), bytes))).toBe("FORMAT");
  });
});

describe("what could fill the memory, or the stack", () => {
  test("F28: an endless envelope is refused by its size, unread", () => {
    const endless = Buffer.alloc(64 * 1_048_576, "[");
    const before = process.memoryUsage().rss;

    expect(openAs(endless)).toBe("SIZE");
    expect(process.memoryUsage().rss - before).toBeLessThan(16 * 1_048_576);
  });

  test("F28: JSON 60,000 levels deep is refused by its size, and as deep as fits by its form", () => {
    const deep = (levels: number, open: string, close: string) =>
      Buffer.from(`${open.repeat(levels)}1${close.repeat(levels)}`);

    expect(openAs(deep(60_000, "[", "]"))).toBe("SIZE");
    expect(openAs(Buffer.alloc(60_000, "["))).toBe("SIZE");
    expect(openAs(deep(16_000, "[", "]"))).toBe("FORMAT");
    expect(openAs(deep(4_000, '{"a":', "}"))).toBe("FORMAT");
    expect(openAs(Buffer.alloc(32_000, "["))).toBe("FORMAT");
    expect(openPayload(deep(7_000, "[", "]"))).toBe("FORMAT");
  });

  test("F28: no document changes what every object inherits", () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const hostile = [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
    ];

    for (const text of hostile) {
      expect(openAs(Buffer.from(text))).toBe("FORMAT");
      expect(openPayload(Buffer.from(text))).toBe("FORMAT");
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect("polluted" in {}).toBe(false);
  });

  test("F28: keys that every object inherits mean nothing special", () => {
    const inherited = Buffer.from(honest.replace("{", '{"constructor":1,"toString":null,'));

    expect(openPayload(inherited)).toBe("accepted");
  });

  test("says whether the envelope or its payload is at fault", () => {
    const state = fleetState();
    const check = (bytes: Uint8Array) => checkDesired(state, bytes, context, verifySignatureNative);

    expect(() => check(Buffer.from("{"))).toThrow(/^envelope: expected JSON/);
    expect(() => check(signed(Buffer.from("{")))).toThrow(/^payload: expected JSON/);
  });
});

function openPayload(payload: Uint8Array): string {
  return refusal(() => checkDesired(state, signed(payload), context, verifySignatureNative));
}

function signed(payload: Uint8Array): Uint8Array {
  return signEnvelope(payloadTypes.desired, payload, [fleetKeys.online]);
}

/** JSON of an object with one more member, whose value are these bytes. */
function withMember(json: Uint8Array, value: string | Uint8Array): Uint8Array {
  const start = Buffer.from('{"later":');
  return Buffer.concat([start, Buffer.from(value), Buffer.from(","), json.subarray(1)]);
}
